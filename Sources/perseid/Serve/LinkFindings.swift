import BootMachine
import BootProtocols
import DHCPService
import LinkWatch
import Logging
import PacketIO
import Registry

extension Daemon {
    /// Opens the watch over the served link.
    static func openWatcher(
        _ configuration: Configuration, _ network: BootNetwork, _ ledger: BootLedger, _ logger: Logger
    ) throws -> LinkWatcher {
        let own = Set(network.interface.addresses.map(\.address) + [network.address])
        var settings = LinkWatch.Settings(mac: network.interface.mac ?? MACAddress(value: 0), addresses: own)
        settings.expectsMainServer = configuration.dhcp != .server
        let watch = LinkWatch(settings: settings) { address, now in
            ledger.lease(on: address).flatMap { $0.expires > now ? $0.mac : nil }
        }
        return try LinkWatcher(interface: network.interface, watch: watch, report: { logger.error("\($0)") })
    }
}

extension LinkWatcher {
    /// Runs the watch on a thread of its own. What it finds goes to DHCP, to timelines and to the log; `ended` is
    /// called when it is over.
    func start(
        for dhcp: DHCPServer?, _ ledger: BootLedger, _ logger: Logger, ended: @escaping @Sendable (SystemError?) -> Void
    ) throws -> LoopThread {
        try LoopThread(name: "watch", waker: waker) {
            self.run { finding in
                switch finding {
                case .send: break
                case .inUse(let address, by: let mac): dhcp?.conflict(address, with: mac)
                case .duplicate(let duplicate):
                    logger.warning("duplicate address: \(duplicate)")
                    dhcp?.conflict(duplicate.address, with: duplicate.claimant)
                case .foreignServer(let server):
                    logger.warning("\(server)")
                    ledger.record(
                        BootEvent(
                            node: server.last.client, kind: .foreignServer, at: server.lastSeen, transport: .dhcp,
                            detail: server.description))
                }
            }
            ended(nil)
        }
    }
}
