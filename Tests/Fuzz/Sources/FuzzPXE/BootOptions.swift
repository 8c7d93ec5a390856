import BootProtocols
import FuzzHarness

/// A client's message whose boot options are an input's bytes.
enum BootOptions {
    private static let codes: [DHCPOptionCode] = [
        .vendorClass, .vendorSpecific, .userClass, .clientArchitecture, .clientNetworkInterface, .clientMachine, .ipxe,
        .parameterRequestList, .clientIdentifier,
    ]
    private static let vendors = [
        "", "PXEClient", "PXEClient:Arch:00007:UNDI:003016", "HTTPClient:Arch:00016", "U-Boot.armv8",
    ]
    private static let prefixes: [UInt64] = [0x5254_0000_0000, 0xb827_eb00_0000, 0xdca6_3200_0000, 0x0200_0000_0000]

    /// A byte of choices, then options as code, length and value, the code an index of `codes`.
    static func message(_ input: inout FuzzInput) -> DHCPMessage {
        let choice = input.byte()
        let mac = MACAddress(value: prefixes[Int(choice & 3)] | 0x123456)
        var message = DHCPMessage(.request, transactionID: 1, mac: mac)
        message.options.messageType = .discover
        let vendor = vendors[Int(choice >> 2) % vendors.count]
        if !vendor.isEmpty { message.options.vendorClass = vendor }
        for _ in 0..<16 where !input.isEmpty {
            let code = codes[Int(input.byte()) % codes.count]
            message.options[code] = input.bytes(Int(input.byte()))[...]
        }
        return message
    }

    /// The boot options of a captured message.
    static func seed(_ message: DHCPMessage) -> [UInt8] {
        codes.enumerated().reduce(into: [0, 0]) { bytes, entry in
            guard let value = message.options[entry.element], value.count < 256 else { return }
            bytes += [UInt8(entry.offset), UInt8(value.count)] + value
        }
    }
}
