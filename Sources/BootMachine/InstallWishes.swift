/// How an admin wants one install done.
public struct InstallWishes: Codable, Hashable, Sendable {
    public var afterwards: Afterwards
    /// Steps that the install stops before, with a shell on the console.
    public var breakpoints: [InstallStep]

    public init(afterwards: Afterwards = .reboot, breakpoints: [InstallStep] = []) {
        self.afterwards = afterwards
        self.breakpoints = breakpoints
    }
}

/// What happens when everything is on the disk.
public enum Afterwards: RawRepresentable, Codable, Hashable, Sendable {
    case reboot
    case shutdown
    /// A shell on the console; the machine restarts when it is left.
    case shell
    /// Straight into the installed kernel, without the firmware.
    case kexec
    /// A program of the new root by its whole path, with its arguments; then the machine restarts.
    case command(String)

    /// Most bytes of a command.
    public static let longest = 1000
    /// For messages.
    public static let rule = "reboot, shutdown, shell, kexec, or a program of the new system by its whole path"

    /// - Parameter text: one of the words, or a command as `words(of:)` reads it.
    public init?(rawValue text: String) {
        switch text {
        case "reboot": self = .reboot
        case "shutdown": self = .shutdown
        case "shell": self = .shell
        case "kexec": self = .kexec
        default:
            guard text.utf8.count <= Self.longest, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }),
                Self.words(of: text)?.first?.hasPrefix("/") == true
            else { return nil }
            self = .command(text)
        }
    }

    public var rawValue: String {
        switch self {
        case .reboot: "reboot"
        case .shutdown: "shutdown"
        case .shell: "shell"
        case .kexec: "kexec"
        case .command(let text): text
        }
    }

    /// A command's words: between blanks, those within single or double quotes aside. No shell reads them.
    /// - Returns: nil where a quote is not closed.
    public static func words(of text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word?.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == " " {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        return words + (word.map { [$0] } ?? [])
    }
}

/// The steps of an install, in their order; a breakpoint is before one of them.
public enum InstallStep: String, Codable, CaseIterable, Hashable, Sendable {
    /// The disks are looked at, and the layout is laid out on them.
    case disks
    /// Tables, arrays, volume groups and file systems are made: the first write.
    case partition
    case mount
    /// The capsule's images come to the disk.
    case fetch
    /// What is in them is copied out of them.
    case extract
    /// Names, keys, network, the node's own files, scripts of the stage `handoff`.
    case personalise
    /// Kernel, initramfs and boot loader.
    case loader
    /// Scripts of the stage `post-install`, and an admin's command.
    case scripts
    case unmount
    /// The report to the server, after which the node boots from its disk.
    case finish

    /// Reads `fetch,loader`; each step once.
    /// - Throws: `UnknownInstallStep`.
    public static func list(_ text: String) throws(UnknownInstallStep) -> [InstallStep] {
        var steps: [InstallStep] = []
        for word in text.split(separator: ",") {
            guard let step = InstallStep(rawValue: String(word)) else { throw UnknownInstallStep(word: String(word)) }
            if !steps.contains(step) { steps.append(step) }
        }
        return steps
    }
}

/// A breakpoint before something that is no step.
public struct UnknownInstallStep: Error, Hashable, Sendable, CustomStringConvertible {
    public let word: String

    public var description: String {
        "an install has no step `\(word)`; there are \(InstallStep.allCases.map(\.rawValue).joined(separator: ", "))"
    }
}
