import BootProtocols

/// How values of nodes are read from text.
enum FieldText {
    private static let longest = 1024

    static func flag(_ text: String?) throws(InvalidValue) -> Bool {
        switch text {
        case "yes", "true": return true
        case "no", "false": return false
        default: throw InvalidValue(text ?? "", expected: "answer: yes or no")
        }
    }

    static func choice<Value: RawRepresentable & CaseIterable>(
        _ text: String?
    ) throws(InvalidValue) -> Value? where Value.RawValue == String {
        guard let text else { return nil }
        guard let value = Value(rawValue: text) else {
            throw InvalidValue(
                text, expected: "such word; there are \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    /// Names between commas or white space, each once.
    static func names(_ text: String?) throws(InvalidValue) -> [String] {
        var names: [String] = []
        for word in words(text ?? "") {
            let name = try NodeName.validated(String(word))
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// Between commas or white space. By bytes: it is done for each node of a registry.
    private static func words(_ text: String) -> [Substring] {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            return text.split(whereSeparator: { $0 == "," || $0.isWhitespace })
        }
        return text.utf8.split(whereSeparator: { $0 == UInt8(ascii: ",") || $0 <= 0x20 }).map { Substring($0) }
    }

    static func interfaces(_ text: String?, besides mac: MACAddress) throws(InvalidValue) -> [NodeInterface] {
        var interfaces: [NodeInterface] = []
        for word in words(text ?? "") {
            let interface = try NodeInterface(text: String(word))
            guard interface.mac != mac, !interfaces.contains(where: { $0.mac == interface.mac }) else {
                throw InvalidValue(String(word), expected: "new interface: the node has this MAC address already")
            }
            interfaces.append(interface)
        }
        return interfaces
    }

    /// DSP0134, 7.2.1.
    static func uuid(_ text: String?) throws(InvalidValue) -> String? {
        guard let text = text?.lowercased() else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isHex = parts.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }
        guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12], isHex else {
            throw InvalidValue(text, expected: "UUID, such as 4c4c4544-0042-3510-8052-b4c04f4d3132")
        }
        return text
    }

    /// Anything without control characters, in one line.
    static func line(_ text: String?) throws(InvalidValue) -> String? {
        guard let text else { return nil }
        let isClean = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
        guard isClean, text.utf8.count <= longest else {
            throw InvalidValue(text, expected: "line of at most \(longest) bytes without control characters")
        }
        return text
    }

    /// Printable ASCII without a space.
    static func word(_ text: String?) throws(InvalidValue) -> String? {
        guard let text else { return nil }
        guard text.utf8.count <= 255, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw InvalidValue(text, expected: "single word of at most 255 characters")
        }
        return text
    }

    /// Bytes a second, from a whole number of megabytes.
    static func megabytes(_ text: String?) throws(InvalidValue) -> Int64? {
        guard let text else { return nil }
        guard let number = Int64(text), (1...100_000).contains(number) else {
            throw InvalidValue(text, expected: "number of megabytes a second, 1 to 100000")
        }
        return number * 1_000_000
    }

    /// A user of a BMC; HTTP ends its name with a colon (RFC 7617, 2).
    static func user(_ text: String?) throws(InvalidValue) -> String? {
        guard let text = try word(text) else { return nil }
        guard !text.contains(":") else { throw InvalidValue(text, expected: "name of a BMC's user: without a colon") }
        return text
    }

    static func bmc(_ text: String?) throws(InvalidValue) -> String? {
        guard let text else { return nil }
        guard let address = BMCAddress(text) else {
            throw InvalidValue(
                text, expected: "address of a BMC: HOST, HOST:PORT, or with a system HOST/redfish/v1/Systems/ID")
        }
        return address.description
    }

    /// Words for a kernel. They go into iPXE's and GRUB's scripts: what those would take for their own is refused.
    static func arguments(_ text: String?) throws(InvalidValue) -> String? {
        guard let text else { return nil }
        let words = text.split(separator: " ")
        let isPlain = text.utf8.allSatisfy { (0x20...0x7e).contains($0) } && text.utf8.count <= longest
        let own = words.first { ["||", "&&", ";", "|", "&"].contains($0) || $0.contains("${") || $0.hasPrefix("#") }
        guard isPlain, own == nil else {
            throw InvalidValue(
                own.map(String.init) ?? text, expected: "kernel argument: a boot loader would take it for its own")
        }
        return words.joined(separator: " ")
    }
}
