import Foundation

/// Rows that came as values between tabs, written as columns as wide as they need to be. No text is made of the cells:
/// 100,000 nodes have a million of them.
struct TabTable {
    private let bytes: [UInt8]
    private let columns: Int
    /// Where each cell begins and ends, row by row.
    private var cells: [Range<Int>] = []

    /// - Parameters:
    ///   - bytes: a line for each row.
    ///   - columns: cells that each row has; a row with others is left out.
    init(_ bytes: [UInt8], columns: Int) {
        self.bytes = bytes
        self.columns = max(1, columns)
        cells.reserveCapacity(bytes.count / 8)
        var start = 0
        var first = cells.count
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n") {
            cells.append(start..<index)
            start = index + 1
            guard byte == UInt8(ascii: "\n") else { continue }
            if cells.count - first != self.columns { cells.removeSubrange(first...) }
            first = cells.count
        }
        cells.removeSubrange(first...)
    }

    /// A text that is put behind one cell of a row.
    struct Mark {
        var column: Int
        var text: String
        /// It stands in rows that have `value` in this one.
        var condition: Int
        var value: String
    }

    /// Writes all but `hidden` last columns, under headings, to standard output. An empty cell shows as `-`.
    func write(headings: [String], hidden: Int, mark: Mark?) {
        let shown = max(0, columns - hidden)
        let rows = cells.count / columns
        let value = mark.map { Array($0.value.utf8) } ?? []
        let suffix = mark.map { Array($0.text.utf8) } ?? []
        let isMarked = { (row: Int, column: Int) -> Bool in
            guard let mark, mark.column == column else { return false }
            return bytes[cells[row * columns + mark.condition]].elementsEqual(value)
        }
        var widths = headings.prefix(shown).map(\.count)
        for row in 0..<rows {
            for column in 0..<shown {
                let width = width(cells[row * columns + column]) + (isMarked(row, column) ? suffix.count : 0)
                if width > widths[column] { widths[column] = width }
            }
        }
        var text: [UInt8] = []
        text.reserveCapacity((rows + 1) * (widths.reduce(0, +) + 2 * shown + 1))
        for column in 0..<shown {
            Self.put(headings[column].utf8, headings[column].count, column == shown - 1 ? nil : widths[column], &text)
        }
        for row in 0..<rows {
            for column in 0..<shown {
                let cell = cells[row * columns + column]
                if isMarked(row, column) { text.append(contentsOf: bytes[cell]) }
                let rest = isMarked(row, column) ? suffix[...] : cell.isEmpty ? [UInt8(ascii: "-")] : bytes[cell]
                let width = width(cell) + (isMarked(row, column) ? suffix.count : 0)
                Self.put(rest, width, column == shown - 1 ? nil : widths[column], &text)
            }
        }
        FileHandle.standardOutput.write(Data(text))
    }

    /// Puts a cell of a width, and blanks up to the column's; nil for a line's last one.
    private static func put(
        _ cell: some Collection<UInt8>, _ width: Int, _ column: Int?, _ text: inout [UInt8]
    ) {
        text.append(contentsOf: cell)
        guard let column else { return text.append(UInt8(ascii: "\n")) }
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(0, column - width) + 2))
    }

    /// In characters; of ASCII, which nearly all is, that is bytes.
    private func width(_ cell: Range<Int>) -> Int {
        for byte in bytes[cell] where byte >= 0x80 { return String(decoding: bytes[cell], as: UTF8.self).count }
        return max(1, cell.count)
    }
}
