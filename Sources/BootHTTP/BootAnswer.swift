public import BootMachine
import NIOCore
import PacketIO

/// An answer as the endpoints make it; the connection sends it, always with a Content-Length.
public struct BootAnswer: Sendable {
    public enum Body: Sendable {
        case bytes([UInt8])
        /// `count` bytes of an open file from `offset`.
        case file(OpenFile, offset: Int, count: Int)
    }

    public var status: Int
    public var contentType: String
    /// Further headers, Content-Length and Content-Type aside.
    public var headers: [(String, String)]
    public var body: Body
    /// Recorded with bytes and duration once the last byte has been handed to the kernel.
    public var whenSent: BootEvent?

    init(
        status: Int, contentType: String, headers: [(String, String)] = [], body: Body,
        whenSent: BootEvent? = nil
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
        self.whenSent = whenSent
    }

    /// An answer of plain text; firmware shows its first line to people.
    static func text(_ status: Int, _ text: String) -> BootAnswer {
        BootAnswer(status: status, contentType: "text/plain; charset=utf-8", body: .bytes(Array((text + "\n").utf8)))
    }

    static func json(_ status: Int, _ bytes: [UInt8]) -> BootAnswer {
        BootAnswer(status: status, contentType: "application/json", body: .bytes(bytes))
    }

    /// Done, nothing to say.
    static func noContent() -> BootAnswer {
        BootAnswer(status: 204, contentType: "text/plain", body: .bytes([]))
    }
}

/// A file held open until its last reader is done.
public final class OpenFile: Sendable {
    let handle: NIOFileHandle
    private let file: ReadOnlyFile

    init(_ file: ReadOnlyFile) {
        self.file = file
        handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: file.descriptor.raw)
    }

    deinit {
        // `file` is the owner and closes.
        _ = try? handle.takeDescriptorOwnership()
    }
}
