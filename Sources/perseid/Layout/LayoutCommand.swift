public import ArgumentParser
public import DiskLayout
import Foundation
public import LayoutFiles

struct LayoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layout", abstract: "Checks, shows, converts and captures disk layouts.",
        discussion: """
            A layout says what the disks of an installed node look like. It is read from YAML, from SystemImager's XML, \
            or from SystemInstaller's table, told apart by the file's ending (.yaml, .xml, .disk) or its first line. The \
            server's own lie below STATE/layouts.
            """,
        subcommands: [LayoutCheck.self, LayoutShow.self, LayoutConvert.self, LayoutCaptureCommand.self])
}

/// Which layout a command is about.
struct LayoutFile: ParsableArguments {
    @Argument(help: "The layout's file.")
    var file: String
    @Option(help: "yaml, xml or table. Without: as the file's name or its first line says.")
    var form: LayoutForm?

    func read() throws -> DiskLayout { try LayoutLibrary.read(file, as: form) }
}

extension LayoutForm: ExpressibleByArgument {}
extension BootLoaderChoice.Firmware: ExpressibleByArgument {}

struct LayoutCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Says what is wrong with a layout, if anything is.",
        discussion: """
            With --disk, whether it fits a machine with these disks, and where each partition would lie; the same is \
            looked at by an install before it writes anything.

            Example: perseid layout check rack1.xml --disk /dev/sda=500GB --firmware legacy
            """)

    @OptionGroup var layout: LayoutFile
    @Option(help: "A disk to try it on, NAME=SIZE. May be given several times.")
    var disk: [String] = []
    @Option(help: "efi or legacy: what the machine boots by.")
    var firmware = BootLoaderChoice.Firmware.efi

    func run() throws {
        let layout = try layout.read()
        guard !disk.isEmpty else {
            print("\(self.layout.file): \(layout.summary)")
            return
        }
        let found = try disk.map(Self.found)
        let plan = try DiskResolution.plan(layout, on: found, firmware: firmware)
        for disk in plan.disks {
            print(
                "\(disk.name) is \(disk.path): \(disk.label.rawValue), \(disk.sectors) sectors of \(disk.sectorBytes) bytes"
            )
            for partition in disk.partitions {
                print(
                    "  \(partition.path)  \(partition.start)..\(partition.start + partition.sectors - 1)"
                        + "  \(partition.sectors * disk.sectorBytes) bytes  \(partition.type)"
                        + (partition.keep ? "  kept" : ""))
            }
        }
    }

    private static func found(_ text: String) throws -> FoundDisk {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let bytes = DiskSize.bytes(parts[1]) else {
            throw ValidationError("`\(text)` is no disk such as /dev/sda=500GB")
        }
        return FoundDisk(path: parts[0], bytes: bytes)
    }
}

struct LayoutShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows what a layout makes: disks, arrays, volumes, what is mounted where.")

    @OptionGroup var layout: LayoutFile

    func run() throws {
        let layout = try layout.read()
        print(layout.summary)
        for system in layout.fileSystems {
            let disks = layout.disks(under: system.device).joined(separator: ", ")
            print(
                "  \(system.mountPoint ?? system.kind.rawValue)\t\(system.kind.rawValue)\t\(system.device.text)"
                    + (disks.isEmpty ? "" : "\ton \(disks)") + (system.format ? "" : "\tkept"))
        }
    }
}

struct LayoutConvert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Writes a layout in the YAML form to standard output.",
        discussion: "Example: perseid layout convert autoinstall.xml > STATE/layouts/default.yaml")

    @OptionGroup var layout: LayoutFile

    func run() throws {
        print(try layout.read().yaml, terminator: "")
    }
}

extension DiskLayout {
    /// `1 disk, 3 partitions, 1 array, 2 file systems`
    var summary: String {
        func count(_ number: Int, _ word: String) -> String? {
            number == 0 ? nil : "\(number) \(word)\(number == 1 ? "" : "s")"
        }
        return [
            count(disks.count, "disk"), count(disks.reduce(0) { $0 + $1.partitions.count }, "partition"),
            count(arrays.count, "array"), count(groups.reduce(0) { $0 + $1.volumes.count }, "volume"),
            count(fileSystems.count, "file system"),
        ].compactMap { $0 }.joined(separator: ", ")
    }
}
