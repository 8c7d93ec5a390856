import BootHTTP
import BootMachine
import BootProtocols
import PacketIO
import Registry
import TFTPService

/// The boot files as TFTP serves them: the same as over HTTP.
struct BootFileContent: TFTPContent {
    let files: BootFiles

    func lookup(_ name: String, for client: TFTPClient) throws(TFTPRefusal) -> TFTPSource {
        do {
            return .file(try ReadOnlyFile(files.open(name)))
        } catch let error as ConfinedFileError {
            switch error {
            case .notFound, .notAFile: throw .notFound
            case .badName, .leavesDirectory: throw TFTPRefusal(.accessViolation, "access denied")
            case .failed: throw TFTPRefusal(.notDefined, "the file cannot be read")
            }
        } catch {
            throw TFTPRefusal(.notDefined, "the file cannot be read")
        }
    }
}

extension BootEvent {
    /// What a finished transfer is on its machine's timeline; nil for what is no news there.
    init?(_ transfer: TFTPTransfer, of machine: MACAddress, at time: Int64) {
        var detail = transfer.name
        if transfer.retransmissions > 0 { detail += ", \(transfer.retransmissions) sent again" }
        switch transfer.outcome {
        case .probed, .superseded: return nil
        case .complete:
            self.init(
                node: machine, kind: .fileSent, at: time, transport: .tftp, bytes: Int64(transfer.bytes),
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
