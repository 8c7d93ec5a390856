public import BootMachine
import Foundation

/// The exclude lists of updates: `DIRECTORY/all`, `capsule/NAME`, `base/NAME`, `group/NAME`, `node/NAME`, each a text
/// file with a `PathRule` a line. All of a node's places count together, the nearest first, and of a path's rules the
/// first. Read at each use.
public struct UpdateExcludeFiles: Sendable {
    /// What is wrong with the lists, a line for each.
    public struct Failure: Error, Hashable, CustomStringConvertible {
        public let problems: [String]

        public var description: String { problems.joined(separator: "\n") }
    }

    private let directory: String
    /// Longest file, in bytes, and most rules of a node.
    private static let longest = 64 << 10
    private static let most = 2000

    public init(directory: String) {
        self.directory = directory
    }

    /// The rules of one node as they go to it.
    /// - Throws: `Failure` with file, line and reason.
    public func lines(for scopes: FileScopes) throws(Failure) -> [String] {
        var lines: [String] = []
        var problems: [String] = []
        for place in scopes.places(everybody: "all") {
            let path = "\(directory)/\(place)"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= Self.longest else {
                problems.append("\(path): it is no file of at most \(Self.longest >> 10) KiB that can be read")
                continue
            }
            for (number, line) in String(decoding: bytes, as: UTF8.self)
                .split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" }).enumerated()
            {
                guard let text = PathRule.text(of: line) else { continue }
                do throws(PathPatternError) {
                    _ = try PathRule(text)
                    lines.append(text)
                } catch {
                    problems.append("\(path):\(number + 1): \(error)")
                }
            }
        }
        if lines.count > Self.most { problems.append("\(directory): \(scopes.node) has more than \(Self.most) rules") }
        guard problems.isEmpty else { throw Failure(problems: problems) }
        return lines
    }
}
