import Foundation

/// A directory of one test, gone with the last that uses it.
final class TemporaryDirectory: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/perseid-lab-\(UUID().uuidString)"

    init() {
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    func contents(of name: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
