internal import BootMachine
internal import BootProtocols
internal import CLinux
internal import Glibc
internal import PacketIO

/// The address of this machine's BMC, asked of it by IPMI over the kernel's own driver.
enum BMCAddress {
    /// Channels that a LAN may be on (IPMI 2.0, 6.3); 1 is nearly every board's.
    private static let channels: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    /// A BMC that says nothing for so long, in milliseconds, is asked nothing more.
    private static let patience: Int32 = 1500
    /// Get LAN Configuration Parameters (IPMI 2.0, 23.2), its network function, and the parameters that are read.
    private static let transport: UInt8 = 0x0c
    private static let getParameters: UInt8 = 0x02
    private static let addressParameter: UInt8 = 3
    private static let macParameter: UInt8 = 5

    /// Nil where there is no BMC, no driver, or no address.
    static func find(device: String = "/dev/ipmi0") -> Hardware.BMC? {
        guard let file = try? FileDescriptor.open(device, O_RDWR | O_NONBLOCK) else { return nil }
        for channel in channels {
            guard let answer = ask(file, channel, addressParameter) else { return nil }
            guard let address = Self.address(answer) else { continue }
            let mac = ask(file, channel, macParameter).flatMap(Self.mac)
            return Hardware.BMC(address: address.description, mac: mac?.description)
        }
        return nil
    }

    /// Nil if nothing comes.
    private static func ask(_ file: borrowing FileDescriptor, _ channel: UInt8, _ parameter: UInt8) -> [UInt8]? {
        let request: [UInt8] = [channel, parameter, 0, 0]
        let number = Int(channel) << 8 | Int(parameter)
        guard perseid_ipmi_send(file.raw, transport, getParameters, request, UInt16(request.count), number) == 0 else {
            return nil
        }
        let end = BootClock.milliseconds() + Int64(patience)
        var answer = [UInt8](repeating: 0, count: 64)
        while BootClock.milliseconds() < end {
            var wanted = pollfd(fd: file.raw, events: Int16(POLLIN), revents: 0)
            guard poll(&wanted, 1, patience) > 0 else { return nil }
            var id = 0
            let count = perseid_ipmi_receive(file.raw, &answer, UInt16(answer.count), &id)
            guard count >= 0 else { return nil }
            if id == number { return Array(answer.prefix(count)) }
        }
        return nil
    }

    /// Reads the address of an answer: completion code, revision, four octets. Nil for a refusal and for 0.0.0.0.
    static func address(_ answer: [UInt8]) -> IPv4Address? {
        var reader = ByteReader(answer)
        guard reader.uint8() == 0, reader.uint8() != nil, let address = reader.ipv4Address(), address.value != 0 else {
            return nil
        }
        return address
    }

    /// The same of the MAC address.
    static func mac(_ answer: [UInt8]) -> MACAddress? {
        var reader = ByteReader(answer)
        guard reader.uint8() == 0, reader.uint8() != nil, let mac = reader.macAddress(), mac.value != 0 else {
            return nil
        }
        return mac
    }
}
