import ArgumentParser
import ControlPlane

struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Prints what the running server has done, in numbers for Prometheus.",
        discussion: """
            DHCP, TFTP and HTTP since the start, in Prometheus' text form: the resource /api/v1/metrics of the control \
            socket. Node exporter's textfile collector takes it as it is.

            Examples:
              perseid metrics
              perseid metrics | grep '^perseid_tftp'
              perseid metrics > /var/lib/node_exporter/perseid.prom
            """)

    @OptionGroup var state: StateOption

    func run() async throws {
        let text = String(decoding: try await state.daemon().get("/api/v1/metrics"), as: UTF8.self)
        print(text, terminator: "")
    }
}
