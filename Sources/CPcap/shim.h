// libpcap, Debian's libpcap-dev: reads and writes capture files, and captures live.
// A shim, not pcap.h itself: the module map needs a header that lies beside it.
#pragma once
#include <pcap/pcap.h>
