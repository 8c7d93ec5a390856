import ArgumentParser
import ControlPlane
import Foundation
import Registry

struct DHCPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dhcp", abstract: "Shows leases, and what DHCP clients and servers say to each other.",
        discussion: """
            Who has an address, why a machine does not boot, what a packet means:
              perseid dhcp leases                     who has which address, and for how long
              perseid dhcp watch --node n001          every packet and event of one node, as it comes
              perseid dhcp capture n001 -o n001.pcap  its last packets, for Wireshark
              perseid dhcp decode n001.pcap           the same in words, with what is odd about them
            """,
        subcommands: [
            LeasesCommand.self, ReservationsCommand.self, DecodeCommand.self, WatchCommand.self, CaptureCommand.self,
        ])
}

extension StateOption {
    /// The daemon that serves this state.
    func daemon() -> ControlClient { ControlClient(path: ControlSocketPath.present(path)) }
}

extension StateOption {
    /// What the running server answers; nil where none runs.
    func ask<Value: Decodable>(_ resource: String, as type: Value.Type) async throws -> Value? {
        do throws(ControlClient.Failure) {
            return try await daemon().get(resource, as: type)
        } catch {
            guard case .notRunning = error else { throw error }
            return nil
        }
    }

    /// The path of the state's registry, if it has one. Commands that only look make no state.
    var registryIfThere: String? {
        let path = StateDirectory.registryPath(in: path)
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}

/// There is neither a server nor what one would have left.
struct NoRegistry: Error, CustomStringConvertible {
    let state: String

    var description: String {
        "no server runs with the state \(state), and there is no registry in it. Is it the right one? Name another with "
            + "--state or PERSEID_STATE"
    }
}

/// What a command prints for programs.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
}

/// A line for people beside a command's output.
func note(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
