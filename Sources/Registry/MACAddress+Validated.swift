public import BootProtocols

extension MACAddress {
    /// The address of one machine's interface, or an error that shows what one looks like.
    public static func validated(_ text: String) throws(InvalidValue) -> MACAddress {
        guard let address = MACAddress(text), !address.isMulticast, address.value != 0 else {
            throw InvalidValue(text, expected: "MAC address of one machine, such as 52:54:00:12:34:56")
        }
        return address
    }
}

extension IPv4Address {
    /// The address, or an error that shows what one looks like.
    public static func validated(_ text: String) throws(InvalidValue) -> IPv4Address {
        guard let address = IPv4Address(text) else {
            throw InvalidValue(text, expected: "IPv4 address, such as 10.0.0.9")
        }
        return address
    }
}
