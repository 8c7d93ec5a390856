public import ArgumentParser
public import BootPolicy
public import CapsuleStore

struct LoaderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loader", abstract: "The boot programs that firmware is given first.",
        subcommands: [LoaderFetch.self])
}

struct LoaderFetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Unpacks the Debian packages of a loader into the state; installs nothing.",
        discussion: """
            For `perseid serve --loader LOADER` on a host that has not installed them. Needs apt's package lists.

            Example: perseid loader fetch shim
                     perseid loader fetch grub --architecture arm64
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "ipxe, pxelinux, grub, shim or memtest.")
    var loader: LoaderSet

    @Option(help: "For which processors: amd64 or arm64.")
    var architecture = MachineArchitecture.amd64

    func run() async throws {
        let state = try state.open()
        let files = loader.files(architecture)
        let fetched = try await LoaderPackages(state, architecture).fetchMissing(files)
        try Loaders.install(files, of: loader.rawValue, architecture, in: state)
        for package in fetched { print("fetched \(package)") }
        print("\(loader.rawValue): \(files.map(\.name).joined(separator: ", "))")
    }
}

/// What can be fetched.
enum LoaderSet: String, CaseIterable, ExpressibleByArgument {
    case ipxe, pxelinux, grub, shim, memtest

    func files(_ architecture: MachineArchitecture) -> [Loaders.Loader] {
        BootLoader(rawValue: rawValue).map { Loaders.files(for: $0, architecture) } ?? Loaders.memtest
    }
}

extension BootLoader: ExpressibleByArgument {}

extension MachineArchitecture: ExpressibleByArgument {}
