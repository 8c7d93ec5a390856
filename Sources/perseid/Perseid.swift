import ArgumentParser
import Dispatch
import Foundation
import Glibc

struct Perseid: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perseid",
        abstract: "Boots stateless clusters over the network.",
        discussion: """
            A machine that is switched on gets, by its MAC address, a diskless capsule: a signed root file system image \
            that it streams into memory and runs.

            From nothing to the first node, as root:
              perseid stage1 build                            kernel and initramfs that every node starts with
              perseid capsule build compute --source debian.pkglist
              perseid node add n001 --mac 52:54:00:12:34:56 --capsule compute:stable
              perseid serve --interface eth1                  answers DHCP, TFTP and HTTP on that network
              perseid timeline n001                           what happened since power-on
              perseid doctor                                  what keeps nodes from booting

            The state lives in /var/lib/perseid, or where --state or PERSEID_STATE says.
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, NodeCommand.self, GroupCommand.self, BootCommand.self, HistoryCommand.self,
            UndoCommand.self, DiscoverCommand.self, PowerCommand.self, ScriptCommand.self, ExplainCommand.self,
            WatchNodesCommand.self,
            CapsuleCommand.self, CaptureNodeCommand.self,
            Stage1Command.self,
            TimelineCommand.self,
            DriftCommand.self, LayoutCommand.self, InstallCommand.self, UpdateCommand.self, DHCPCommand.self,
            DoctorCommand.self,
            LoaderCommand.self, TFTPCommand.self, MetricsCommand.self, LabCommand.self,
        ])
}

/// The program's entry. Not an async `main`: its body would run on a thread of the pool, while `serve` has to give
/// up its capabilities, which belong to threads, while the main thread is the only one.
@main
enum Entry {
    static func main() {
        do {
            var command = try Perseid.parseAsRoot()
            if let serve = command as? ServeCommand {
                let daemon: Daemon
                do { daemon = try serve.prepare() } catch { end(with: error) }
                finish { try await daemon.run() }
            } else if var command = command as? any AsyncParsableCommand {
                finish { try await command.run() }
            } else {
                do { try command.run() } catch { end(with: error) }
            }
        } catch {
            Perseid.exit(withError: error)
        }
    }

    /// Ends a command that has begun. What is wrong with its words is not known to be so before it has looked, so the
    /// usage of the command is no longer at hand: that of the program would mislead.
    private static func end(with error: any Error) -> Never {
        guard let error = error as? ValidationError else { Perseid.exit(withError: error) }
        fflush(nil)
        FileHandle.standardError.write(Data("Error: \(error.message)\n".utf8))
        Glibc.exit(ExitCode.validationFailure.rawValue)
    }

    /// Runs `body` on the pool, and ends the process with it.
    private static func finish(_ body: sending @escaping () async throws -> Void) -> Never {
        Task {
            do {
                try await body()
                Perseid.exit(withError: nil)
            } catch {
                end(with: error)
            }
        }
        dispatchMain()
    }
}
