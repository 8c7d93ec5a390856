import BootHTTP
import BootMachine
import BootProtocols
import PacketIO
import Registry
import TFTPService

/// The tree of boot programs as TFTP serves it: the same as over HTTP.
struct BootTreeContent: TFTPContent {
    let tree: BootTree
    let ledger: BootLedger

    func lookup(_ name: String, for client: TFTPClient) throws(TFTPRefusal) -> TFTPSource {
        do {
            switch try tree.open(BootName(name), for: client.endpoint.address) {
            case .file(let file): return .file(file)
            case .script(let text, for: _, _): return .bytes(Array(text.utf8))
            }
        } catch {
            throw refusal(error, client)
        }
    }

    private func refusal(_ refusal: BootTree.Refusal, _ client: TFTPClient) -> TFTPRefusal {
        switch refusal {
        case .file(let error):
            switch error {
            case .notFound, .notAFile: return .notFound
            case .badName, .leavesDirectory: return TFTPRefusal(.accessViolation, "access denied")
            case .failed: return TFTPRefusal(.notDefined, "the file cannot be read")
            }
        case .forbidden(let machine, let reason):
            // The machine that asks is told of by the transfer's report; this is for the one that it asked about.
            if let machine, ledger.machine(at: client.endpoint.address) != machine {
                ledger.record(
                    BootEvent(node: machine, kind: .refused, at: wallMilliseconds(), transport: .tftp, detail: reason))
            }
            return TFTPRefusal(.accessViolation, "this script is not for this machine")
        case .failed(_, let reason):
            return TFTPRefusal(.notDefined, String(reason.prefix(200)))
        }
    }
}

extension BootEvent {
    /// What a finished transfer is on its machine's timeline; nil for what is no news there.
    init?(_ transfer: TFTPTransfer, of machine: MACAddress, at time: Int64) {
        let name = BootName(transfer.name)
        var kind = Kind.fileSent
        var detail = transfer.name
        if case .script = name {
            kind = .scriptSent
            detail = "boot script for stage 1, \(detail)"
        }
        if transfer.direction == .write {
            kind = .fileReceived
            detail = transfer.name
        }
        if transfer.retransmissions > 0 { detail += ", \(transfer.retransmissions) sent again" }
        switch transfer.outcome {
        case .probed, .superseded: return nil
        case .refused(TFTPRefusal.notFound.message) where name.isProbe: return nil
        case .complete:
            self.init(
                node: machine, kind: kind, at: time, transport: .tftp, bytes: Int64(transfer.bytes),
                milliseconds: transfer.milliseconds, detail: detail)
        case .aborted(_, let message):
            self.init(
                node: machine, kind: .refused, at: time, transport: .tftp,
                detail: "\(detail): the client ended it: \(message)")
        case .timedOut:
            self.init(
                node: machine, kind: .refused, at: time, transport: .tftp, bytes: Int64(transfer.bytes),
                detail: "\(detail): the client fell silent")
        case .refused(let reason), .failed(let reason):
            self.init(node: machine, kind: .refused, at: time, transport: .tftp, detail: "\(detail): \(reason)")
        }
    }
}
