import ArgumentParser
import CapsuleStore
import Foundation

struct Stage1Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage1", abstract: "Builds the kernel and initramfs that every node starts with.",
        subcommands: [Stage1Build.self])
}

struct Stage1Build: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Builds stage 1 from a kernel and the agent.",
        discussion: """
            The initramfs holds the agent as its init, the public keys whose capsules nodes boot, and the kernel's \
            network, virtual machine and file system modules. A running server takes it over when it is started again.

            Bare metal wants the full kernel:
              perseid stage1 build --kernel linux-image-amd64

            Machines with arm64 boot a stage 1 of their own, with an agent that was built on such a machine:
              perseid stage1 build --architecture arm64 --agent perseid-agent.arm64
            """)

    @OptionGroup var state: StateOption
    @Option(help: "For which processors: amd64 or arm64.")
    var architecture = MachineArchitecture.amd64
    @Option(
        help: """
            Debian package, .deb file, or directory with boot/ and lib/modules/. Without: \
            linux-image-cloud-amd64 or -arm64.
            """)
    var kernel: String?
    @Option(help: "The static agent.")
    var agent = AgentLocation.standard
    @Flag(
        inversion: .prefixedNo,
        help: "Whether it can install nodes' disks: Debian's tools for that are fetched once. amd64 only.")
    var installer = true

    func run() async throws {
        let builder = Stage1Builder(store: try state.open().openCapsules(), architecture: architecture)
        let built = try await builder.build(
            kernel: kernel.map { KernelSource(argument: $0) }, agent: agent, installer: installer)
        print(built.summary)
    }
}

/// Where the agent is found that goes into initramfs images.
enum AgentLocation {
    /// Beside the program's source, or where a package puts it.
    static var standard: String {
        [".build-agent/perseid-agent", "/usr/lib/perseid/perseid-agent"].first {
            FileManager.default.fileExists(atPath: $0)
        } ?? "/usr/lib/perseid/perseid-agent"
    }
}

extension Stage1Description {
    /// `stage 1: kernel 6.1.0-28-cloud-amd64 7.9 MB, initramfs 9.8 MB with 61 modules`
    var summary: String {
        "stage 1: kernel \(kernelRelease) \(ByteCount.text(kernel.size)), "
            + "initramfs \(ByteCount.text(initramfs.size)) with \(modules) modules"
            + (installer.map { ", install tools \(ByteCount.text($0.size))" } ?? "")
    }
}
