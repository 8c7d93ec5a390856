import CPcap
import Glibc

extension CaptureFile {
    /// Writes frames as a capture file (pcap, nanoseconds, Ethernet) that `tcpdump -r` and Wireshark read. A file that
    /// is there is replaced.
    public static func write(_ frames: [CapturedFrame], to path: String) throws(CaptureError) {
        guard let file = fopen(path, "we") else { throw .cannotWrite(path: path, reason: errorText()) }
        try write(frames, to: file, path)
    }

    /// The same in memory.
    public static func bytes(of frames: [CapturedFrame]) throws(CaptureError) -> [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        var count = 0
        guard let file = open_memstream(&start, &count) else { throw .cannotWrite(path: "memory", reason: errorText()) }
        defer { free(start) }
        try write(frames, to: file, "memory")
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Closes `file` in any case.
    private static func write(
        _ frames: [CapturedFrame], to file: UnsafeMutablePointer<FILE>, _ path: String
    ) throws(CaptureError) {
        let precision = UInt32(PCAP_TSTAMP_PRECISION_NANO)
        guard let handle = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65_535, precision) else {
            fclose(file)
            throw .cannotWrite(path: path, reason: "libpcap has no memory")
        }
        defer { pcap_close(handle) }
        guard let dump = pcap_dump_fopen(handle, file) else {
            fclose(file)
            throw .cannotWrite(path: path, reason: String(cString: pcap_geterr(handle)))
        }
        for frame in frames {
            var header = pcap_pkthdr()
            header.ts.tv_sec = Int(frame.timestamp / 1_000_000_000)
            // Nanoseconds: the precision that the handle was opened with.
            header.ts.tv_usec = Int(frame.timestamp % 1_000_000_000)
            header.caplen = UInt32(clamping: frame.bytes.count)
            header.len = UInt32(clamping: max(frame.originalLength, frame.bytes.count))
            // libpcap's callback type has the dump as bytes.
            pcap_dump(UnsafeMutablePointer<UInt8>(dump), &header, frame.bytes)
        }
        let failed = pcap_dump_flush(dump) != 0
        let reason = errorText()
        pcap_dump_close(dump)
        if failed { throw .cannotWrite(path: path, reason: reason) }
    }

    private static func errorText() -> String { String(cString: strerror(errno)) }
}
