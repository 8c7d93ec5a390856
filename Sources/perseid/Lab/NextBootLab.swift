import BootLab
import Foundation
import Registry

/// What a machine of the lab shows when it boots something else for once.
struct NextBootLab: Hashable, Sendable {
    let target: NextBoot.Target
    /// A line of its console by which that is known.
    let line: String

    /// - Parameter line: in place of the usual one.
    init(_ target: NextBoot.Target, _ firmware: Firmware, line: String?) {
        self.target = target
        let usual =
            switch target {
            case .memtest: "Memtest86+"
            // The shell's own greeting: it runs, and has the console.
            case .rescue, .shell: "built-in shell (ash)"
            // The last of OVMF's boot entries is a shell; a BIOS starts the first sector of the disk.
            case .local: [.bios, .biosPXE].contains(firmware) ? DiskOfItsOwn.words : "UEFI Interactive Shell"
            case .install, .capsule: "ready"
            }
        self.line = line ?? usual
    }
}

/// A disk that boots by BIOS and does no more than say so on the first serial port.
enum DiskOfItsOwn {
    static let words = "this is the disk of n001"

    /// Makes an image of 1 MiB with such a first sector.
    static func make(in directory: LabDirectory) throws -> String {
        // cld; xor ax, ax; mov ds, ax; mov si, 0x7c20; mov dx, 0x3f8
        // next: lodsb; test al, al; jz done; out dx, al; jmp next; done: hlt; jmp done
        var sector: [UInt8] = [
            0xfc, 0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x20, 0x7c, 0xba, 0xf8, 0x03,
            0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8, 0xf4, 0xeb, 0xfd,
        ]
        sector += Array(repeating: 0, count: 0x20 - sector.count) + Array("\r\n\(words)\r\n".utf8)
        sector += Array(repeating: 0, count: 510 - sector.count) + [0x55, 0xaa]
        let path = directory.file("own-disk.img")
        try Data(sector + Array(repeating: 0, count: (1 << 20) - sector.count)).write(to: URL(fileURLWithPath: path))
        return path
    }
}
