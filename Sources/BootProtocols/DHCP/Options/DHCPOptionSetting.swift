/// An option that was set by an admin, checked and in wire form.
public struct DHCPOptionSetting: Hashable, Sendable {
    public let code: DHCPOptionCode
    /// At most 255 bytes: no option is split.
    public let value: [UInt8]
    /// Sent even to clients that do not ask for it in option 55.
    public let isForced: Bool

    /// - Throws: an option that is not for setting, or a value too long.
    public init(
        _ code: DHCPOptionCode, value: [UInt8], isForced: Bool = false
    ) throws(DHCPOptionSettingError) {
        if let reason = DHCPOptionDefinition.reasonNotToSet(code) { throw .notSettable(code, reason) }
        guard value.count <= 255 else { throw .tooLong(code, byteCount: value.count) }
        if code == .ipv6OnlyPreferred, isForced {
            throw .notSettable(code, "with force: it goes only to who asks for it (RFC 8925, 3.2)")
        }
        self.code = code
        self.value = value
        self.isForced = isForced
    }

    /// - Parameters:
    ///   - key: a name of `DHCPOptionDefinition`, or a number.
    ///   - values: text, in the form that the option has. Numbers without a name, and any number if the value begins
    ///     with `hex:` or `text:`, take bytes.
    public init(
        _ key: String, values: [String], isForced: Bool = false
    ) throws(DHCPOptionSettingError) {
        let known = DHCPOptionDefinition.named(key)
        guard let code = known?.code ?? UInt8(key).map(DHCPOptionCode.init(rawValue:)) else { throw .unknown(key) }
        let definition = known ?? DHCPOptionDefinition.coded(code)
        let isRaw = values.count == 1 && (values[0].hasPrefix("hex:") || values[0].hasPrefix("text:"))
        let form = isRaw ? .bytes : definition?.form ?? .bytes
        guard let value = form.encode(values) else {
            throw .badValue(key, values.joined(separator: ", "), expected: form.expectation)
        }
        try self.init(code, value: value, isForced: isForced)
    }
}

/// Why an option cannot be set as somebody would like it.
public enum DHCPOptionSettingError: Error, Hashable, Sendable {
    /// Neither a known name nor a number of 0...255.
    case unknown(String)
    case badValue(String, String, expected: String)
    case notSettable(DHCPOptionCode, String)
    case tooLong(DHCPOptionCode, byteCount: Int)
}

extension DHCPOptionSettingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknown(let key):
            "there is no option `\(key)`; write a name such as ntp-servers, or a number from 1 to 254"
        case .badValue(let key, let value, let expected): "option \(key) is `\(value)`, expected \(expected)"
        case .notSettable(let code, let reason): "option \(code) cannot be set: \(reason)"
        case .tooLong(let code, let count):
            "option \(code) would take \(count) bytes; an option holds 255, and none is split because boot programs "
                + "cannot join the pieces"
        }
    }
}
