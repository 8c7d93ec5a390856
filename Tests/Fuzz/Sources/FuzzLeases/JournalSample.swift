import BootProtocols
import FuzzHarness
import Registry

@testable import RegistrySQLite

/// Journal files and rows of leases made from an input.
enum JournalSample {
    private static let magic = Array("PSDLEASE".utf8) + [0, 0, 0, 1]

    /// Rows as the database has them: one for each machine and each address.
    static func stored(_ input: inout FuzzInput) -> [Lease] {
        var leases: [Lease] = []
        for number in 0..<Int(input.byte() & 7) {
            let choice = input.byte()
            let mac = MACAddress(value: 0x5254_0012_3400 | UInt64(choice & 7))
            let address = IPv4Address(value: 0x0a4d_0000 | UInt32(choice >> 3))
            guard !leases.contains(where: { $0.mac == mac || $0.address == address }) else { continue }
            leases.append(Lease(mac: mac, address: address, expires: Int64(number) * 9000))
        }
        return leases
    }

    /// The bytes as a file whose header and checksums are right. Records are of the header's epoch where their own is
    /// even.
    /// - Parameter near: machines and addresses are few, so that leases meet.
    static func mended(_ bytes: [UInt8], near: Bool) -> [UInt8] {
        guard bytes.count >= 32 else { return bytes }
        var bytes = bytes
        bytes.replaceSubrange(0..<12, with: magic)
        bytes.replaceSubrange(12..<15, with: [0, 0, 0])
        seal(&bytes, at: 0)
        for start in stride(from: 32, through: bytes.count - 32, by: 32) {
            bytes.replaceSubrange(start..<start + 2, with: [0, 0])
            if near {
                bytes.replaceSubrange(start + 2..<start + 7, with: [0x52, 0x54, 0, 0x12, 0x34])
                bytes[start + 7] &= 15
                bytes.replaceSubrange(start + 16..<start + 19, with: [0x0a, 0x4d, 0])
                bytes[start + 19] &= 31
            }
            if bytes[start + 23] & 1 == 0 { bytes.replaceSubrange(start + 20..<start + 24, with: bytes[12..<16]) }
            bytes.replaceSubrange(start + 24..<start + 27, with: [0, 0, 0])
            seal(&bytes, at: start)
        }
        return bytes
    }

    /// CRC-32C bit by bit, reckoned here and not by what is tested.
    private static func seal(_ bytes: inout [UInt8], at start: Int) {
        var crc = UInt32.max
        for byte in bytes[start..<start + 28] {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82f6_3b78 }
        }
        crc = ~crc
        for index in 0..<4 { bytes[start + 28 + index] = UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * index)) }
    }

    /// Two files of three leases each, the second one of the later epoch; one that was never used; one of another kind.
    static var seeds: [[UInt8]] {
        let files = [1, 2].map { epoch in
            (0..<3).reduce(JournalFormat.header(epoch: UInt32(epoch))) { bytes, number in
                let lease = Lease(
                    mac: MACAddress(value: 0x5254_0012_3400 + UInt64(number)),
                    address: IPv4Address(value: 0x0a4d_0010 + UInt32(number * epoch)), expires: 60_000)
                var bytes = bytes
                JournalFormat.append([lease], epoch: UInt32(epoch), group: UInt32(number), to: &bytes)
                return bytes
            }
        }
        return [
            [1, 0, 2, 1, 18, 0, UInt8(files[0].count)] + files[0] + files[1],
            [0, 1, 0, 0, UInt8(files[0].count)] + files[0] + files[1],
            [1, 0, 0, 0, 64] + [UInt8](repeating: 0, count: 64) + files[1],
            [1, 0, 0, 0, 32] + [UInt8](repeating: 7, count: 32) + files[1],
        ]
    }
}
