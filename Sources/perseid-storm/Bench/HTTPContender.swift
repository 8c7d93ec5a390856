import BootLab
import BootProtocols
import Foundation

/// An HTTP server of the race: how it is started over the same bundles, and known to be up.
struct HTTPContender: Sendable {
    let name: String
    /// The kernel's name of its processes, at most 15 bytes.
    let process: String
    let port: UInt16
    let program: Program
    /// A line that it prints when it serves.
    let readyLine: String
    /// A file with the bearer token that it wants to see.
    var tokenFile: String?

    /// Runs the server for as long as the body works with it.
    func serving<Result: Sendable>(
        _ directory: LabDirectory, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let log = try Transcript(of: name, log: directory.file("\(process).log"))
        return try await program.running(into: log) {
            _ = try await log.line(containing: readyLine, within: .seconds(30))
            return try await body()
        }
    }

    /// Of all its processes and their threads so far, in seconds.
    var processorSeconds: Double {
        ServerProcess.all(named: process).map(\.processorSeconds).reduce(0, +)
    }

    /// Resident memory of all its processes in MB (10^6 bytes).
    var memory: Double { ServerProcess.all(named: process).map(\.memory).reduce(0, +) }
}

extension HTTPContender {
    static func perseid(_ executable: String, _ network: StormNetwork, state: String) -> HTTPContender {
        let pool = "\(network.pool.first)-\(network.pool.last)"
        return HTTPContender(
            name: "perseid", process: "perseid", port: 8987,
            program: Program(
                executable, ["serve", "--interface", network.serverInterface, "--state", state, "--pool", pool]),
            readyLine: "serving ")
    }

    /// With what is known to make it fast at this: sendfile, head and first bytes in one packet, files kept open and read
    /// ahead, connections kept, no log of requests. It asks for no token.
    /// - Parameter bundles: the directory of its files.
    static func nginx(_ network: StormNetwork, _ directory: LabDirectory, bundles: String) throws -> HTTPContender {
        let port: UInt16 = 8988
        let text = """
            user root;
            worker_processes auto;
            worker_rlimit_nofile 65536;
            daemon off;
            pid \(directory.file("nginx.pid"));
            error_log stderr notice;
            events { worker_connections 8192; }
            http {
              access_log off;
              sendfile on;
              tcp_nopush on;
              tcp_nodelay on;
              read_ahead 2m;
              keepalive_timeout 120s;
              keepalive_requests 100000000;
              open_file_cache max=256 inactive=60s;
              default_type application/octet-stream;
              client_body_temp_path \(directory.file("nginx-body"));
              proxy_temp_path \(directory.file("nginx-proxy"));
              fastcgi_temp_path \(directory.file("nginx-fastcgi"));
              uwsgi_temp_path \(directory.file("nginx-uwsgi"));
              scgi_temp_path \(directory.file("nginx-scgi"));
              server {
                listen \(network.server):\(port) backlog=4096;
                location /node/v1/bundles/ { alias \(bundles)/; }
              }
            }
            """
        let file = directory.file("nginx.conf")
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return HTTPContender(
            name: "nginx", process: "nginx", port: port,
            program: Program("nginx", ["-e", "stderr", "-c", file], package: "nginx-light"),
            readyLine: "start worker process ")
    }
}
