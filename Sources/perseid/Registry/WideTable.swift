import Foundation
import Glibc

/// Rows of text in columns as wide as they need to be, for many rows: 100,000 nodes are a table too.
enum WideTable {
    /// Writes the rows to standard output. An empty cell shows as `-`, but for those at a line's end.
    static func write(_ rows: [[String]]) {
        let cells = rows.map { row in row.map { $0.isEmpty ? "-" : $0 } }
        var widths: [Int] = []
        for row in cells {
            for (index, cell) in row.enumerated() {
                let width = Self.width(cell)
                if index == widths.count { widths.append(width) } else { widths[index] = max(widths[index], width) }
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rows.count * (widths.reduce(0, +) + 2 * widths.count))
        for row in cells {
            for (index, cell) in row.enumerated() {
                bytes.append(contentsOf: cell.utf8)
                guard index < row.count - 1 else { break }
                bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: widths[index] - width(cell) + 2))
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        // What was printed before stands before.
        fflush(nil)
        FileHandle.standardOutput.write(Data(bytes))
    }

    private static func width(_ text: String) -> Int {
        // Most text is ASCII, of which bytes are columns; to count characters takes many times as long.
        text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.count
    }
}
