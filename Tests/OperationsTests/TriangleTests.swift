import Operations
import Raster
import Testing

@Test func `one gray level only is its own triangle threshold`() throws {
    #expect(try Image<UInt8>(width: 3, height: 1, repeating: 9).triangleLevel() == 9)
    #expect(throws: OperationError.emptyImage(operation: "triangle threshold")) { try Image<UInt8>(width: 0, height: 0, pixels: []).triangleLevel() }
}

/// Values of scikit-image 0.26 `threshold_triangle`.
@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `triangle levels equal scikit-image's on real pictures`() throws {
    let expected = [
        "scan_p72": 240, "diatom40_01": 128, "diatom40_08": 145, "diatom100_20": 146, "drawn_1": 67,
        "phase_5100": 134, "flowcam_bin": 1, "coins": 80, "blobs": 206, "worms_wt": 242,
        "yeast_6_1": 136, "horse": 254, "plate_label": 1,
    ]
    for item in try SharedData.cases() {
        #expect(try Int(item.gray.triangleLevel()) == expected[item.name], "\(item.name)")
    }
}
