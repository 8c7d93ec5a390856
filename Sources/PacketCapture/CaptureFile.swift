import CPcap

/// A capture file of Ethernet frames, pcap or pcapng, read by libpcap from front to back.
///
///     var capture = try CaptureFile("boot.pcap")
///     while let frame = try capture.next() { … }
public struct CaptureFile: ~Copyable {
    private let handle: OpaquePointer
    private let path: String
    private var frames = 0

    /// Opens the file and reads its header.
    public init(_ path: String) throws(CaptureError) {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let precision = UInt32(PCAP_TSTAMP_PRECISION_NANO)
        guard let handle = pcap_open_offline_with_tstamp_precision(path, precision, &message) else {
            throw .cannotOpen(path: path, reason: Self.text(message))
        }
        let linkType = pcap_datalink(handle)
        guard linkType == DLT_EN10MB else {
            let name = pcap_datalink_val_to_name(linkType).map { String(cString: $0) }
            pcap_close(handle)
            throw .notEthernet(path: path, linkType: name ?? "\(linkType)")
        }
        self.handle = handle
        self.path = path
    }

    deinit {
        pcap_close(handle)
    }

    /// The next frame, nil after the last.
    public mutating func next() throws(CaptureError) -> CapturedFrame? {
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var data: UnsafePointer<UInt8>?
        switch pcap_next_ex(handle, &header, &data) {
        case 1:
            guard let header, let data else { return nil }
            frames += 1
            // tv_usec holds nanoseconds: that is the precision the file was opened with.
            let timestamp = Int64(header.pointee.ts.tv_sec) &* 1_000_000_000 &+ Int64(header.pointee.ts.tv_usec)
            return CapturedFrame(
                timestamp: timestamp,
                bytes: Array(UnsafeBufferPointer(start: data, count: Int(header.pointee.caplen))),
                originalLength: Int(header.pointee.len))
        case PCAP_ERROR_BREAK:
            return nil
        default:
            throw .broken(path: path, frames: frames, reason: String(cString: pcap_geterr(handle)))
        }
    }

    /// All frames of a file, for captures that are small.
    public static func frames(of path: String) throws(CaptureError) -> [CapturedFrame] {
        var capture = try CaptureFile(path)
        var frames: [CapturedFrame] = []
        while let frame = try capture.next() { frames.append(frame) }
        return frames
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
