import CapsuleStore
import Foundation
import Yams

/// A `capsule.yaml` on disk.
enum DescriptionFile {
    /// Most bytes that are read.
    private static let limit = 1 << 20

    /// - Throws: `DescriptionError` with all that is wrong, each with its line.
    static func read(_ path: String) throws -> CapsuleDescription {
        let url = URL(fileURLWithPath: path)
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: url)
            data = try handle.read(upToCount: limit + 1) ?? Data()
        } catch {
            throw failure(path, 1, "cannot be read: \(error.localizedDescription)")
        }
        guard data.count <= limit, let text = String(bytes: data, encoding: .utf8) else {
            throw failure(path, 1, "is no text in UTF-8 of at most \(limit) bytes")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw failure(path, line(of: error), "\(error)")
        }
        let node = try root.map { try convert($0, in: path, depth: 0) } ?? DescriptionNode(line: 1, value: .nothing)
        return try CapsuleDescription(node, file: path, directory: url.deletingLastPathComponent().path)
    }

    private static func convert(_ node: Node, in path: String, depth: Int) throws -> DescriptionNode {
        let line = node.mark?.line ?? 1
        guard depth < 16 else { throw failure(path, line, "lists in lists, more than sixteen deep") }
        switch node {
        case .scalar(let scalar):
            let isNothing = scalar.style == .plain && node.null != nil
            return DescriptionNode(line: line, value: isNothing ? .nothing : .scalar(scalar.string))
        case .sequence(let items):
            return DescriptionNode(
                line: line, value: .list(try items.map { try convert($0, in: path, depth: depth + 1) }))
        case .mapping(let pairs):
            let fields = try pairs.map { key, value in
                DescriptionNode.Field(
                    key: key.string ?? "?", line: key.mark?.line ?? line,
                    value: try convert(value, in: path, depth: depth + 1))
            }
            return DescriptionNode(line: line, value: .mapping(fields))
        case .alias: throw failure(path, line, "an alias; write it out")
        }
    }

    private static func line(of error: YamlError) -> Int {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        default: 1
        }
    }

    private static func failure(_ path: String, _ line: Int, _ reason: String) -> DescriptionError {
        DescriptionError(file: path, problems: [.init(line: line, key: "file", reason: reason)])
    }
}
