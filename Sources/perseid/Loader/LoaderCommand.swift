public import ArgumentParser
public import BootPolicy

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
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "ipxe, pxelinux, grub or shim.")
    var loader: BootLoader

    func run() async throws {
        let state = try state.open()
        let fetched = try await LoaderPackages(state).fetchMissing(for: loader)
        try Loaders.install(for: loader, in: state)
        for package in fetched { print("fetched \(package)") }
        print("\(loader.rawValue): \(Loaders.files(for: loader).map(\.name).joined(separator: ", "))")
    }
}

extension BootLoader: ExpressibleByArgument {}
