import ArgumentParser
import BootLab
import BootPolicy
import CapsuleFormat
import CapsuleStore
import Foundation

/// What the lab boots with, made where it is missing.
struct LabKit: ParsableArguments, Sendable {
    @Option(help: "The static agent.")
    var agent = AgentLocation.standard
    @Option(help: "Kernel of stage 1: Debian package, .deb file, or directory.")
    var stage1Kernel = "linux-image-cloud-amd64"
    @Option(help: "The static agent for arm64, for stage 1 of the firmware uefi-arm64.")
    var arm64Agent: String?
    @Option(help: "Directory of the boot script templates.")
    var tftpboot = "tftpboot"
    @Option(help: "What firmware is given first: ipxe, pxelinux, grub or shim.")
    var loader = BootLoader.ipxe
    @Option(help: "Package list of the capsule `debian`.")
    var packages = "Fixtures/debian.pkglist"
    @Option(help: "Command line of stage 1's kernel. Without: the serial console of the machine.")
    var kernelArguments: String?

    /// Makes stage 1 if the agent or the kernel is another than it was, and the capsule if the store has none of
    /// that name.
    func prepare(capsule: String?, firmware: Firmware? = nil, in state: StateDirectory) async throws {
        let store = try state.openCapsules()
        try await LoaderPackages(state).fetchMissing(Loaders.files(for: loader))
        try Loaders.install(for: loader, in: state)
        let stamp = Stamp(path: state.path + "/lab-stage1")
        let wanted = try stage1Inputs(store)
        if try Stage1Builder(store: store).current() == nil || stamp.text != wanted {
            say("building stage 1 from \(stage1Kernel)")
            let built = try await Stage1Builder(store: store).build(
                kernel: KernelSource(argument: stage1Kernel), agent: agent)
            try stamp.write(wanted)
            say(built.summary)
        }
        if firmware?.isARM64 == true { try await prepareARM64(in: state, store) }
        if let capsule { try await prepare(capsule, store) }
    }

    private func prepareARM64(in state: StateDirectory, _ store: CapsuleStore) async throws {
        try await LoaderPackages(state, .arm64).fetchMissing(Loaders.files(for: loader, .arm64))
        try Loaders.install(for: loader, .arm64, in: state)
        guard let arm64Agent else {
            throw ValidationError("uefi-arm64 wants an agent that was built for arm64: name it with --arm64-agent")
        }
        say("building stage 1 for arm64")
        say(try await Stage1Builder(store: store, architecture: .arm64).build(agent: arm64Agent).summary)
    }

    /// What stage 1's kernel is told in a machine with this firmware.
    func kernelArguments(for firmware: Firmware?) -> String {
        if let kernelArguments { return kernelArguments }
        return firmware?.isARM64 == true ? "console=ttyAMA0,115200 quiet" : "console=ttyS0,115200 quiet no_timer_check"
    }

    private func prepare(_ capsule: String, _ store: CapsuleStore) async throws {
        let reference = try CapsuleReference.validated(capsule)
        guard try !store.list().contains(where: { $0.name == reference.name }) else {
            _ = try store.resolve(reference)
            return
        }
        let source: CapsuleSource
        switch capsule {
        case "small": source = .busybox
        case "debian": source = .packageList(packages)
        default:
            _ = try store.resolve(reference)
            return
        }
        say("building the capsule \(capsule)")
        let progress = ProgressLine()
        defer { progress.end() }
        let built = try await CapsuleBuilder(store: store) { progress.show($0) }.build(reference.name, from: source)
        progress.end()
        say(built.summary)
    }

    /// The server of the lab's network.
    func server(
        on network: LabNetwork, state: String, for firmware: Firmware? = nil, dhcp: DHCPMode = .server,
        binl: String? = nil
    ) -> Program {
        Program(
            "/proc/self/exe",
            [
                "serve", "--interface", network.bridge, "--state", state, "--tftpboot", tftpboot,
                "--kernel-arguments", kernelArguments(for: firmware), "--loader", loader.rawValue,
                "--dhcp", dhcp.rawValue,
            ] + (binl.map { ["--binl", $0] } ?? [])
                + (firmware == .uefiHTTPS ? ["--https-port", "8988", "--firmware-https", "true"] : []))
    }

    /// What stage 1 is made from: the kernel's name, the agent's content, the keys.
    private func stage1Inputs(_ store: CapsuleStore) throws -> String {
        guard let contents = FileManager.default.contents(atPath: agent) else {
            throw ValidationError("there is no agent at \(agent): build it with `make build`, or name it with --agent")
        }
        try store.makeSigningKey()
        let keys = try store.publicKeys().map(\.id.description).sorted().joined(separator: ",")
        return "\(stage1Kernel) \(ContentDigest(hashing: Array(contents)).hex) \(keys)"
    }

    /// A file that remembers what something was made from.
    private struct Stamp {
        let path: String

        var text: String? { FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } }

        func write(_ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
    }
}

/// A line for the person at the terminal, beside what the command prints.
func say(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
