import BootPolicy
import BootProtocols

extension PacketAccount {
    mutating func readDHCP(_ payload: [UInt8], at ports: (UInt16, UInt16), giving loader: BootLoader) {
        do throws(DHCPError) {
            let message = try DHCPMessage(decoding: payload)
            let account = DHCP(message, ports: ports, giving: loader)
            summary = Self.line(message, account)
            dhcp = account
        } catch {
            summary = "DHCP message that does not read"
            problem = "\(error)"
        }
    }

    private static func line(_ message: DHCPMessage, _ account: DHCP) -> String {
        let type = account.type
        guard message.operation == .reply else {
            let address = message.options.requestedAddress ?? message.clientAddress
            let what = address == .any ? "" : " for \(address)"
            let server = message.options.serverIdentifier.map { " to \($0)" } ?? ""
            return "\(type)\(what)\(server) from \(message.mac): \(account.client ?? "")"
        }
        let from = message.options.serverIdentifier.map { " by \($0)" } ?? ""
        let file = message.options.bootFileName ?? message.bootFile
        let boot = file.isEmpty ? "" : ", boot file \(String(printable: file.utf8))"
        let reason = message.options.message.map { ", \(String(printable: $0.utf8))" } ?? ""
        let what = message.yourAddress == .any ? "" : " of \(message.yourAddress)"
        return "\(type)\(what) to \(message.mac)\(from)\(boot)\(reason)"
    }
}

extension PacketAccount.DHCP {
    init(_ message: DHCPMessage, ports: (UInt16, UInt16), giving loader: BootLoader) {
        let isRequest = message.operation == .request
        let client = isRequest ? BootClient(ClientTraits(message), under: FirmwarePolicy(loader: loader)) : nil
        let isPXE = message.options.vendorClass?.hasPrefix("PXEClient") ?? false
        self.init(
            type: message.options.messageType?.description ?? (isRequest ? "BOOTREQUEST" : "BOOTREPLY"),
            transactionID: "0x" + String(message.transactionID, radix: 16), secs: message.secs,
            broadcast: message.wantsBroadcast, hops: message.hops,
            clientAddress: message.clientAddress.description, yourAddress: message.yourAddress.description,
            nextServer: message.nextServer.description, relayAddress: message.relayAddress.description,
            mac: message.mac.description, serverName: String(printable: message.serverName.utf8),
            bootFile: String(printable: message.bootFile.utf8),
            options: message.options.map { option in
                let known = DHCPOptionDefinition.coded(option.code)
                let text = OptionText(value: Array(option.value), isPXE: isPXE).text(known?.form ?? .bytes)
                return PacketAccount.Option(
                    code: option.code.rawValue, name: OptionText.title(option.code), value: text)
            },
            client: client.map { String(printable: $0.summary) }, offer: client.map { Self.words($0.offer) },
            quirks: Quirk.all(of: message, from: ports.0).map(\.text))
    }

    /// What an offer to this client would hold.
    private static func words(_ shape: OfferShape) -> String {
        switch shape {
        case .address: "an address, nothing to boot"
        case .refused(let reason): "nothing: \(reason)"
        default: "\(shape)"
        }
    }
}
