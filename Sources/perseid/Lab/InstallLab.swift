import BootLab
import Foundation
import LayoutFiles

/// Disks and layouts for machines of the lab that are installed.
enum InstallLab {
    /// Makes empty images in the place of older ones, and forgets the firmware's variables with them.
    static func makeDisks(_ count: Int, in state: StateDirectory) async throws -> [String] {
        let directory = try LabDirectory(creating: state.path + "/lab")
        let files = FileManager.default
        let variables = directory.file("n001.vars")
        if files.fileExists(atPath: variables) { try files.removeItem(atPath: variables) }
        var paths: [String] = []
        for number in 0..<count {
            let path = directory.file("disk\(number).img")
            if files.fileExists(atPath: path) { try files.removeItem(atPath: path) }
            try await Program("truncate", ["--size=6G", path], package: "coreutils").run()
            paths.append(path)
        }
        return paths
    }

    /// Writes the layout of the lab's node.
    static func write(
        _ file: String?, for firmware: Firmware, kind: MachineConfiguration.DiskKind, in state: StateDirectory
    ) throws {
        let text = try file.map { try LayoutLibrary.read($0).yaml } ?? standard(firmware)
        let path = "\(state.layouts)/node/n001.yaml"
        try FileManager.default.createDirectory(
            atPath: "\(state.layouts)/node", withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    private static func standard(_ firmware: Firmware) -> String {
        let boot =
            firmware == .bios || firmware == .biosPXE
            ? "- {size: 1 MiB, flags: bios_grub}" : "- {size: 128 MiB, flags: esp, fs: vfat, mount: /boot/efi}"
        return """
            disks:
              - name: system
                select: {choose: first}
                table: gpt
                partitions:
                  \(boot)
                  - {size: 256 MiB, fs: swap}
                  - {size: "*", fs: ext4, mount: /}
            loader: {timeout: 0}

            """
    }
}
