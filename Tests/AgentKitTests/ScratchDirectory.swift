import FoundationEssentials
import Glibc
import Testing

/// A directory for one test, gone with it.
final class ScratchDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/perseid-agent-test-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
