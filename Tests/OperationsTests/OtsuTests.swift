import Operations
import Raster
import Testing

@Test func `two gray levels are split at the darker one`() throws {
    #expect(try Image<UInt8>(width: 4, height: 1, pixels: [10, 10, 200, 200]).otsuLevel() == 10)
}

@Test func `one gray level only is its own threshold`() throws {
    #expect(try Image<UInt8>(width: 2, height: 2, repeating: 77).otsuLevel() == 77)
    #expect(try Image<UInt16>(width: 1, height: 1, repeating: 7777).otsuLevel() == 7777)
}

@Test func `an empty image has no threshold`() {
    #expect(throws: OperationError.emptyImage(operation: "Otsu threshold")) { try Image<UInt8>(width: 0, height: 4, pixels: []).otsuLevel() }
}

@Test func `of equal maxima the lowest level wins`() throws {
    // Everything between 10 and 13 splits equally well.
    #expect(try Image<UInt8>(width: 2, height: 1, pixels: [10, 14]).otsuLevel() == 10)
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `Otsu levels, masks and component counts equal scikit-image's and OpenCV's on real pictures`() throws {
    let cases = try SharedData.cases()
    #expect(cases.count >= 10)
    for item in cases {
        #expect(try Int(item.gray.otsuLevel()) == Int(item.row["otsu_skimage"]!), "\(item.name)")
        #expect(item.mask.area == Int(item.row["mask_pixels"]!), "\(item.name)")
        #expect(item.mask.components(connectivity: .four).count == Int(item.row["components_4"]!), "\(item.name)")
        #expect(item.mask.components(connectivity: .eight).count == Int(item.row["components_8"]!), "\(item.name)")
    }
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `Otsu of sixteen bits equals scikit-image's`() throws {
    for row in try SharedData.table("oracle/threshold.csv") where row["otsu_opencv"]!.isEmpty && row["polarity"] == "bright" {
        let image = try SharedData.image(row["file"]!).gray16()
        let level = try image.otsuLevel()
        #expect(Int(level) == Int(row["otsu_skimage"]!), "\(row["name"]!)")
        let mask = image.mask(brighterThan: level)
        #expect(mask.area == Int(row["mask_pixels"]!), "\(row["name"]!)")
        #expect(mask.componentCount(connectivity: .eight) == Int(row["components_8"]!), "\(row["name"]!)")
        #expect(mask.componentCount(connectivity: .four) == Int(row["components_4"]!), "\(row["name"]!)")
    }
}
