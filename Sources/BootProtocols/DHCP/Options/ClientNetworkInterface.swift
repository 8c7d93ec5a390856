/// The interface of a boot ROM's network driver (RFC 4578, 2.2): type 1 is UNDI, 3.0 of UEFI.
public struct ClientNetworkInterface: Hashable, Sendable {
    public var type: UInt8
    public var major: UInt8
    public var minor: UInt8

    public init(type: UInt8 = 1, major: UInt8, minor: UInt8) {
        self.type = type
        self.major = major
        self.minor = minor
    }
}

extension DHCPOptions {
    /// Option 94 (RFC 4578, 2.2)
    public var clientNetworkInterface: ClientNetworkInterface? {
        get {
            guard let value = self[.clientNetworkInterface], value.count == 3 else { return nil }
            var reader = ByteReader(value)
            guard let type = reader.uint8(), let major = reader.uint8(), let minor = reader.uint8() else { return nil }
            return ClientNetworkInterface(type: type, major: major, minor: minor)
        }
        set {
            self[.clientNetworkInterface] = newValue.map { [$0.type, $0.major, $0.minor] }
        }
    }
}
