import ArgumentParser
import Foundation
import StormKit

/// What the commands that load a server have in common.
extension ParsableCommand {
    /// Refuses the command line with `message` unless `condition` holds.
    func check(_ condition: Bool, _ message: String) throws {
        guard condition else { throw ValidationError(message) }
    }

    /// Prints `text`, or `report` as JSON.
    func show(_ report: some Encodable, _ text: String, asJSON: Bool) throws {
        guard asJSON else { return print(text) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }
}

/// A line on standard output at once, also where that is a file: a bench takes minutes.
@Sendable func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
