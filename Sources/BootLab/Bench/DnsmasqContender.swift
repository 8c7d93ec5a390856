/// dnsmasq as its documentation sets it up for iPXE, with BusyBox's httpd for kernel and initramfs: the yardstick.
public struct DnsmasqContender: Sendable {
    public var payload: BootPayload
    /// Without the ping before the first offer (3 s) and with iPXE's wait for a proxy DHCP server (2 s) switched off,
    /// which few configurations do.
    public var isTuned: Bool

    static let httpPort = 8987

    public init(_ payload: BootPayload, isTuned: Bool = false) {
        self.payload = payload
        self.isTuned = isTuned
    }

    public var contender: BenchContender {
        BenchContender(name: isTuned ? "dnsmasq, tuned" : "dnsmasq") { network, directory, body in
            let files = try directory.directory("files")
            try fill(files, network)
            try directory.write([], to: "leases")
            let log = try Transcript(of: "dnsmasq", log: directory.file("dnsmasq.log"))
            let dnsmasq = Program("dnsmasq", arguments(network, directory, files), package: "dnsmasq-base")
            let httpLog = try Transcript(of: "httpd", log: directory.file("httpd.log"))
            let httpd = Program(
                "busybox", ["httpd", "-f", "-p", "\(network.address):\(Self.httpPort)", "-h", files.path],
                package: "busybox-static")
            try await dnsmasq.running(into: log) {
                _ = try await log.line(containing: "IP range", within: .seconds(10))
                try await httpd.running(into: httpLog, body)
            }
        }
    }

    private func fill(_ files: LabDirectory, _ network: LabNetwork) throws(LabError) {
        try files.copy(payload.biosLoader, to: "undionly.kpxe", package: "ipxe")
        try files.copy(payload.uefiLoader, to: "snponly.efi", package: "ipxe")
        try files.copy(payload.kernel, to: "kernel")
        try files.copy(payload.initramfs, to: "initramfs")
        try files.write(Array(script(network).utf8), to: "boot.ipxe")
    }

    func script(_ network: LabNetwork) -> String {
        """
        #!ipxe
        kernel \(url("kernel", network)) initrd=initramfs \(payload.commandLine)
        initrd --name initramfs \(url("initramfs", network))
        boot

        """
    }

    func arguments(_ network: LabNetwork, _ directory: LabDirectory, _ files: LabDirectory) -> [String] {
        let range = "\(network.host(100)),\(network.host(200))"
        var words = ["--conf-file=/dev/null", "--keep-in-foreground", "--log-facility=-", "--user=root", "--port=0"]
        words += ["--interface=\(network.bridge)", "--bind-interfaces", "--dhcp-range=\(range)"]
        words += ["--dhcp-leasefile=\(directory.file("leases"))", "--enable-tftp", "--tftp-root=\(files.path)"]
        words += ["--dhcp-userclass=set:ipxe,iPXE", "--dhcp-match=set:efi,option:client-arch,7"]
        words += ["--dhcp-match=set:efihttp,option:client-arch,16", "--dhcp-option-force=tag:efihttp,60,HTTPClient"]
        words += ["--dhcp-boot=tag:ipxe,\(url("boot.ipxe", network))", "--dhcp-boot=tag:efi,tag:!ipxe,snponly.efi"]
        words += ["--dhcp-boot=tag:efihttp,tag:!ipxe,\(url("snponly.efi", network))"]
        words += ["--dhcp-boot=tag:!ipxe,tag:!efi,tag:!efihttp,undionly.kpxe"]
        if isTuned { words += ["--no-ping", "--dhcp-option=encap:175,176,1b"] }
        return words
    }

    private func url(_ name: String, _ network: LabNetwork) -> String {
        "http://\(network.address):\(Self.httpPort)/\(name)"
    }
}
