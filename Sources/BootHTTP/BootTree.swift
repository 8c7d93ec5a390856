public import BootMachine
public import BootProtocols
public import PacketIO
public import Registry

/// The tree of boot programs as one machine sees it: files for all, and scripts rendered for that machine alone.
///
/// TFTP and HTTP serve the same one. A script goes only to the address that holds this machine's lease, for it holds
/// the token of the boot attempt.
public struct BootTree: Sendable {
    /// What the scripts need to know of the server.
    public struct Settings: Sendable {
        /// Of the boot network.
        public var address: IPv4Address
        /// `http://10.0.0.1:8987`, as nodes reach this server.
        public var baseURL: String
        /// For the kernel of stage 1, beside what the agent needs.
        public var kernelArguments: String
        /// SHA-256 of stage 1's kernel in hex.
        public var stage1KernelDigest: String
        /// The same of the one for arm64; empty where there is none.
        public var arm64KernelDigest: String

        public init(
            address: IPv4Address, baseURL: String, kernelArguments: String, stage1KernelDigest: String,
            arm64KernelDigest: String = ""
        ) {
            self.address = address
            self.baseURL = baseURL
            self.kernelArguments = kernelArguments
            self.stage1KernelDigest = stage1KernelDigest
            self.arm64KernelDigest = arm64KernelDigest
        }
    }

    /// What a name led to.
    public enum Entry: Sendable {
        case file(ReadOnlyFile)
        case script(String, for: MACAddress, Target)
    }

    /// What a script starts.
    public enum Target: String, Sendable {
        case stage1 = "stage 1"
        case disk = "the node's own disk"

        /// What it is on a timeline that it was sent.
        public var event: BootEvent.Kind { self == .disk ? .localBoot : .scriptSent }
    }

    /// Why a name led to nothing.
    public enum Refusal: Error, Sendable {
        /// No such file, or one that may not be served.
        case file(ConfinedFileError)
        /// The script is not for the one who asks. `machine` is the one that it is for, if there is one.
        case forbidden(machine: MACAddress?, reason: String)
        /// The server cannot do it now.
        case failed(machine: MACAddress?, reason: String)
    }

    let settings: Settings
    let ledger: BootLedger
    let files: BootFiles
    let script: BootScript

    public init(settings: Settings, ledger: BootLedger, files: BootFiles, script: BootScript) {
        self.settings = settings
        self.ledger = ledger
        self.files = files
        self.script = script
    }

    /// Opens `name` for the client at `address`. A script that is opened brings a new boot token, which is pending in
    /// the ledger: whoever must not lose it flushes.
    public func open(_ name: BootName, for address: IPv4Address?) throws(Refusal) -> Entry {
        switch name {
        case .file(let path): .file(try open(path))
        case .script(let kind, let mac):
            // The interface that boots, which need not be the one that the node is keyed by.
            try render(kind, for: owner(of: mac, at: address), by: mac ?? address.flatMap { ledger.machine(at: $0) })
        }
    }

    private func open(_ path: String) throws(Refusal) -> ReadOnlyFile {
        do {
            return try ReadOnlyFile(files.open(path))
        } catch let error as ConfinedFileError {
            throw .file(error)
        } catch {
            throw .failed(machine: nil, reason: "\(error)")
        }
    }

    /// The node that a script is for, if the client at `address` is that one and may boot.
    func owner(of mac: MACAddress?, at address: IPv4Address?) throws(Refusal) -> Node {
        let holder = address.flatMap { ledger.machine(at: $0) }
        // A name without a MAC, asked for by a stranger: there is nothing for him here, and nobody to tell of it.
        guard let mac = mac ?? holder else { throw .file(.notFound) }
        guard let holder, ledger.primary(of: holder) == ledger.primary(of: mac) else {
            let asker = address?.description ?? "an unknown address"
            throw .forbidden(
                machine: mac,
                reason: "its boot script was asked for by \(asker), which holds no lease of this machine")
        }
        guard ledger.isServed(mac), let node = ledger.record(of: mac)?.node else {
            throw .forbidden(machine: mac, reason: "boot script: the node is disabled or not known")
        }
        return node
    }

    /// What stage 1 is told of a boot that ends in a shell.
    private static func argument(for boot: NextBoot.Target?) -> String {
        switch boot {
        case .shell: " perseid.shell=first"
        case .rescue: " perseid.shell=rescue"
        case .local, .install, .capsule, .memtest, nil: ""
        }
    }

    /// Refuses a boot whose files are not there, before it is used up.
    private func requireFiles(for node: Node) throws(Refusal) {
        let names: [String]
        let advice: String
        switch (ledger.attempt(of: node.mac)?.boot ?? node.nextBoot)?.target {
        case .memtest:
            (names, advice) = (["memtest64.efi", "memtest64.bin"], "perseid loader fetch memtest")
        case .shell, .rescue:
            (names, advice) = (["stage1/shell.img"], "install busybox-static, then perseid stage1 build")
        case .local, .install, .capsule, nil: return
        }
        for name in names {
            do {
                _ = try open(name)
            } catch {
                throw .failed(machine: node.mac, reason: "boot script: there is no \(name); \(advice)")
            }
        }
    }

    private func render(
        _ kind: BootTemplate, for node: Node, by interface: MACAddress?
    ) throws(Refusal) -> Entry {
        try requireFiles(for: node)
        guard let token = ledger.issueBootToken(for: node.mac, at: wallMilliseconds()) else {
            throw .forbidden(machine: node.mac, reason: "boot script: the node is disabled or not known")
        }
        let server = NodeSettings(kernelArguments: settings.kernelArguments)
        let resolved = ledger.groups.settings(of: node, server: server)
        let boot = ledger.decideBoot(of: node.mac)?.target
        do {
            // What it boots this time comes before the disk that was installed.
            let isInstalled = (boot ?? .install) == .install && ledger.record(of: node.mac)?.install?.isDone == true
            let text = try script.render(
                isInstalled ? kind.local : kind,
                BootScript.Values(
                    name: node.name, mac: interface ?? node.mac, token: token, server: settings.baseURL,
                    address: settings.address, kernelDigest: settings.stage1KernelDigest,
                    arm64KernelDigest: settings.arm64KernelDigest,
                    kernelArguments: resolved.kernelCommandLine + Self.argument(for: boot), boot: boot))
            return .script(text, for: node.mac, isInstalled && kind != .autoexec ? .disk : .stage1)
        } catch {
            throw .failed(machine: node.mac, reason: "boot script: \(error)")
        }
    }
}
