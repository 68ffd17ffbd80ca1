import Foundation

func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt { fuzzPixels(Array(UnsafeBufferPointer(start: data, count: count)), .jpeg) }

exit(runFuzzer(fuzz))
