/// The kind of processor and firmware that a boot program runs on (RFC 4578, 2.1, and IANA's registry
/// "Processor Architecture Types"). RFC 4578's own text has 7 and 9 swapped; clients follow the registry.
public struct ClientArchitecture: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    public static let bios = Self(rawValue: 0)
    public static let efiIA32 = Self(rawValue: 6)
    public static let efiX64 = Self(rawValue: 7)
    /// EFI byte code; in practice x64 firmware.
    public static let efiByteCode = Self(rawValue: 9)
    public static let efiARM32 = Self(rawValue: 10)
    public static let efiARM64 = Self(rawValue: 11)
    public static let httpIA32 = Self(rawValue: 15)
    public static let httpX64 = Self(rawValue: 16)
    public static let httpByteCode = Self(rawValue: 17)
    public static let httpARM32 = Self(rawValue: 18)
    public static let httpARM64 = Self(rawValue: 19)
    public static let biosHTTP = Self(rawValue: 20)
    public static let efiRISCV64 = Self(rawValue: 27)
    public static let httpRISCV64 = Self(rawValue: 28)
    public static let efiLoongArch64 = Self(rawValue: 39)
    public static let httpLoongArch64 = Self(rawValue: 40)
    /// The boot ROM of a Raspberry Pi, which in practice says 0.
    public static let raspberryPi = Self(rawValue: 41)
}

extension ClientArchitecture: CustomStringConvertible {
    /// `x64 UEFI (arch 7)`
    public var description: String {
        let name: String? =
            switch rawValue {
            case 0: "BIOS"
            case 6: "IA32 UEFI"
            case 7: "x64 UEFI"
            case 9: "EFI byte code"
            case 10: "arm32 UEFI"
            case 11: "arm64 UEFI"
            case 12...14: "PowerPC"
            case 15: "IA32 UEFI HTTP"
            case 16: "x64 UEFI HTTP"
            case 17: "EFI byte code HTTP"
            case 18: "arm32 UEFI HTTP"
            case 19: "arm64 UEFI HTTP"
            case 20: "BIOS HTTP"
            case 21, 23: "arm32 U-Boot"
            case 22, 24: "arm64 U-Boot"
            case 25...30: "RISC-V"
            case 31, 32: "s390"
            case 33, 34: "MIPS"
            case 35, 36: "Sunway"
            case 37...40: "LoongArch"
            case 41: "Raspberry Pi"
            default: nil
            }
        return name.map { "\($0) (arch \(rawValue))" } ?? "arch \(rawValue)"
    }
}

extension DHCPOptions {
    /// Option 93: by preference, empty if absent (RFC 4578, 2.1).
    public var clientArchitectures: [ClientArchitecture] {
        get {
            guard let value = self[.clientArchitecture], value.count.isMultiple(of: 2) else { return [] }
            var reader = ByteReader(value)
            var architectures: [ClientArchitecture] = []
            while let code = reader.uint16() { architectures.append(ClientArchitecture(rawValue: code)) }
            return architectures
        }
        set {
            let bytes = newValue.flatMap { [UInt8($0.rawValue >> 8), UInt8(truncatingIfNeeded: $0.rawValue)] }
            self[.clientArchitecture] = bytes.isEmpty ? nil : bytes[...]
        }
    }
}
