package import DiskLayout
package import PacketIO

/// Why an install did not come about.
package enum InstallProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case order(String)
    case tools(String)
    case layout(LayoutProblem)
    /// A program failed; its step, its title, how it ended and its last lines.
    case program(DiskCommand.Step?, String, String, String)
    case device(String)
    case system(String, SystemError)
    case loader(String)

    package var description: String {
        switch self {
        case .order(let reason): "the order to install is refused: \(reason)"
        case .tools(let reason): "the install tools: \(reason)"
        case .layout(let problem): "nothing was written: \(problem)"
        case .program(let step, let title, let how, let lines):
            "\(step.map { "\($0.rawValue): " } ?? "")\(title): \(how)\(lines.isEmpty ? "" : "; its last lines: \(lines)")"
        case .device(let path): "\(path) did not appear within 20 s of being made"
        case .system(let what, let error): "\(what): \(error)"
        case .loader(let reason): "boot loader: \(reason)"
        }
    }
}
