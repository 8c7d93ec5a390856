/// The kernel's command line, split the way the kernel splits it: at blanks outside double quotes
/// (kernel documentation, admin-guide/kernel-parameters).
package struct KernelCommandLine: Hashable, Sendable {
    /// `name` or `name=value`, quotes removed.
    package struct Parameter: Hashable, Sendable {
        package var name: String
        package var value: String?
    }

    package let parameters: [Parameter]

    package init(_ text: String) {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var quoted = false
        var started = false
        for byte in text.utf8 {
            let blank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
            if blank && !quoted {
                if started { words.append(word) }
                word = []
                started = false
            } else {
                started = true
                if byte == UInt8(ascii: "\"") { quoted.toggle() } else { word.append(byte) }
            }
        }
        if started { words.append(word) }
        parameters = words.map { word in
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else {
                return Parameter(name: String(decoding: word, as: UTF8.self), value: nil)
            }
            return Parameter(
                name: String(decoding: word[..<equals], as: UTF8.self),
                value: String(decoding: word[equals...].dropFirst(), as: UTF8.self))
        }
    }

    /// Every value of a parameter that may be given several times, in order.
    package func values(of name: String) -> [String] {
        parameters.filter { $0.name == name }.compactMap(\.value)
    }

    /// The value of a parameter that is meant once: the last one counts, as for the kernel.
    package func value(of name: String) -> String? {
        values(of: name).last
    }

    /// The settings that decide where messages go and what a panic does. They belong to the machine and
    /// not to the kernel, so a kernel that is started by kexec gets them again.
    package var consoleSettings: [String] {
        let kept: Set<String> = ["console", "earlycon", "earlyprintk", "loglevel", "ignore_loglevel", "panic"]
        return parameters.filter { kept.contains($0.name) }.map { parameter in
            guard let value = parameter.value else { return parameter.name }
            return "\(parameter.name)=\(value)"
        }
    }
}
