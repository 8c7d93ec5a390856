import DHCPService
import Logging
import Registry
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Brings changes of the configuration file, and of the addresses of nodes, to the DHCP server that runs. What cannot
/// be read or served changes nothing.
final class DHCPReload: Sendable {
    private let source: ConfigurationSource
    private let network: BootNetwork
    /// Names of the loaders that are there now.
    private let files: @Sendable () -> Set<String>
    private let ledger: BootLedger
    /// Nil: DHCP is off.
    private let server: DHCPServer?
    private let logger: Logger
    private let state: Mutex<State>

    private struct State {
        /// What is served.
        var configuration: Configuration
        var nodes: [AddressedNode]
        /// Of the file as it was read last, well or not: a mistake is told of once.
        var stamp: ConfigurationSource.FileStamp?
    }

    /// - Parameters:
    ///   - configuration: what the server was started with.
    ///   - stamp: of the file, taken before that was read.
    init(
        source: ConfigurationSource, stamp: ConfigurationSource.FileStamp?, configuration: Configuration,
        network: BootNetwork, files: @escaping @Sendable () -> Set<String>, ledger: BootLedger, server: DHCPServer?,
        logger: Logger
    ) {
        self.source = source
        self.network = network
        self.files = files
        self.ledger = ledger
        self.server = server
        self.logger = logger
        state = Mutex(State(configuration: configuration, nodes: ledger.nodesWithAddress(), stamp: stamp))
    }

    /// Looks for changes once a second.
    func watch() async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            poll()
        }
    }

    /// Reads the configuration again at each SIGHUP.
    func obeySignals() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            state.withLock { state in read(&state) }
        }
    }

    private func poll() {
        let stamp = source.fileStamp()
        let nodes = ledger.nodesWithAddress()
        state.withLock { state in
            if let stamp, stamp != state.stamp { return read(&state) }
            // Equal where another process has written something else: then the same array is compared the next time.
            let isChanged = nodes != state.nodes
            state.nodes = nodes
            guard isChanged else { return }
            apply(state.configuration, nodes, "the addresses of nodes have changed")
        }
    }

    private func read(_ state: inout State) {
        // Before the file itself: what is written meanwhile is read again.
        state.stamp = source.fileStamp()
        do throws(Configuration.Failure) {
            let configuration = try source.read()
            try configuration.requireLive(over: state.configuration)
            state.nodes = ledger.nodesWithAddress()
            if apply(configuration, state.nodes, "the configuration was read again") {
                state.configuration = configuration
            }
        } catch {
            logger.error("the configuration was not taken over: \(error)")
        }
    }

    @discardableResult private func apply(_ configuration: Configuration, _ nodes: [AddressedNode], _ why: String)
        -> Bool
    {
        guard let server else {
            logger.info("\(why): nothing of it changes \(configuration.dhcp.words)")
            return true
        }
        do {
            let words = try take(configuration, nodes, to: server)
            logger.info("\(why): \(words)")
            return true
        } catch {
            logger.error("\(why), but DHCP goes on as before: \(error)")
            return false
        }
    }

    /// Gives what is served now, in words.
    private func take(_ configuration: Configuration, _ nodes: [AddressedNode], to server: DHCPServer) throws -> String
    {
        let firmware = configuration.firmware(files: files())
        guard configuration.dhcp == .server else {
            let settings = configuration.proxySettings(
                address: network.address, subnet: network.subnet, firmware: firmware)
            try server.reconfigure(settings)
            return "proxy DHCP goes by it"
        }
        let settings = try configuration.dhcpSettings(
            address: network.address, subnet: network.subnet, firmware: firmware, nodes: nodes)
        let leftOut = try settings.check()
        try server.reconfigure(settings)
        for problem in leftOut { logger.error("a node's address is left out: \(problem)") }
        return "DHCP serves \(settings.words)"
    }
}
