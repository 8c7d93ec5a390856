public import BootProtocols
public import PacketIO

/// Where a TFTP server's files come from. Called on the server's thread: answer from memory or the local disk.
public protocol TFTPContent: Sendable {
    /// The file that `client` gets for `name`. The name is as the client sent it: it may hold anything.
    func lookup(_ name: String, for client: TFTPClient) throws(TFTPRefusal) -> TFTPSource
}

/// Why a client does not get a file, in an ERROR packet and in the report.
public struct TFTPRefusal: Error, Hashable, Sendable {
    public var code: TFTPErrorCode
    /// For the client's screen: short ASCII.
    public var message: String

    public init(_ code: TFTPErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }

    public static let notFound = TFTPRefusal(.fileNotFound, "file not found")

    /// What a client is told of a name that a `ConfinedDirectory` does not open.
    public init(_ error: ConfinedFileError) {
        switch error {
        case .notFound, .notAFile: self = .notFound
        case .badName, .leavesDirectory: self.init(.accessViolation, error.description)
        case .failed(let error): self.init(.notDefined, error.reason)
        }
    }
}

/// The bytes of one file.
public enum TFTPSource: Sendable {
    case bytes([UInt8])
    /// A file that is written meanwhile ends its transfers with an ERROR: no client gets half of each.
    case file(ReadOnlyFile)
}

/// The files of a directory and below, the same for every client.
public struct TFTPDirectory: TFTPContent {
    private let root: ConfinedDirectory

    public init(_ root: ConfinedDirectory) {
        self.root = root
    }

    public func lookup(_ name: String, for client: TFTPClient) throws(TFTPRefusal) -> TFTPSource {
        do {
            return .file(try ReadOnlyFile(root.openFile(name)))
        } catch let error as ConfinedFileError {
            throw TFTPRefusal(error)
        } catch {
            throw TFTPRefusal(.notDefined, "the file cannot be read")
        }
    }
}
