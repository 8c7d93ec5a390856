public import DiskLayout

/// What is wrong with a layout file, with the line and what stands there.
public enum LayoutFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line counts from 1; 0 where there is none. `place` is an element, a key or a column.
    case bad(file: String, line: Int, place: String, reason: String)
    case unreadable(file: String, reason: String)
    /// It reads, and says what cannot be.
    case layout(file: String, LayoutProblem)

    public var description: String {
        switch self {
        case .bad(let file, let line, let place, let reason):
            "\(file)\(line > 0 ? ":\(line)" : ""): \(place): \(reason)"
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .layout(let file, let problem): "\(file): \(problem)"
        }
    }
}

/// The forms of layout files.
public enum LayoutForm: String, CaseIterable, Hashable, Sendable {
    case yaml, xml, table

    /// By a file's name: `.yaml`, `.yml`, `.xml`, `.disk` or `.table`; nil: none of these.
    public init?(fileName: String) {
        switch fileName.split(separator: ".").last.map({ $0.lowercased() }) {
        case "yaml", "yml": self = .yaml
        case "xml": self = .xml
        case "disk", "table": self = .table
        default: return nil
        }
    }

    /// By how the text begins: an XML declaration or element, a device, else YAML.
    public init(sniffing text: String) {
        let first = text.split(separator: "\n").map { $0.drop(while: \.isWhitespace) }
            .first { !$0.isEmpty && !$0.hasPrefix("#") }
        switch first {
        case .some(let line) where line.hasPrefix("<"): self = .xml
        case .some(let line) where line.hasPrefix("/dev/") || line.hasPrefix("raid"): self = .table
        default: self = .yaml
        }
    }
}

extension DiskLayout {
    /// Reads a layout in any of its forms and checks it.
    /// - Throws: `LayoutFileError`.
    public init(reading text: String, as form: LayoutForm, file: String) throws(LayoutFileError) {
        switch form {
        case .yaml: self = try YAMLLayout(text, file: file).layout()
        case .xml: self = try XMLLayout(text, file: file).layout()
        case .table: self = try TableLayout(text, file: file).layout()
        }
        do throws(LayoutProblem) {
            try check()
        } catch {
            throw .layout(file: file, error)
        }
    }
}
