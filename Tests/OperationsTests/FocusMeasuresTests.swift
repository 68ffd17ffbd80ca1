import Operations
import Raster
import Testing

/// Laplacian variance and mean squared Sobel gradient of OpenCV: over all but the picture's edge, and over the mask eroded by 3 × 3.
private let references: [(picture: String, laplacian: Double, tenengrad: Double, maskLaplacian: Double, maskTenengrad: Double)] = [
    ("rough", 112655.3584233364, 140262.87407407406, 115105.06661472283, 149242.69549549549),
    ("smooth", 10524.187179530249, 56211.515343915344, 7335.668611314017, 43479.82702702703),
    ("wide", 695727390.8218515, 3712637626.4804235, 484360529.69066143, 2868218804.4144144),
]

@Test func `focus equals OpenCV's Laplacian and Sobel inside rectangle and mask`() throws {
    for (picture, laplacian, tenengrad, maskLaplacian, maskTenengrad) in references {
        func measure(_ mask: Mask) throws -> FocusMeasures {
            switch picture {
            case "rough": try #require(FocusMeasures(mask, image: TexturePictures.rough))
            case "smooth": try #require(FocusMeasures(mask, image: TexturePictures.smooth))
            default: try #require(FocusMeasures(mask, image: TexturePictures.wide))
            }
        }
        let (whole, part) = (try measure(Mask.full(TexturePictures.rough.bounds)), try measure(TexturePictures.mask))
        #expect(agree(whole.laplacianVariance, laplacian) && agree(whole.tenengrad, tenengrad), "\(picture)")
        #expect(agree(part.laplacianVariance, maskLaplacian) && agree(part.tenengrad, maskTenengrad), "\(picture)")
    }
}

@Test func `an even object is out of focus, one too thin has no focus`() {
    let even = Image<UInt16>(width: 5, height: 5, repeating: 65535)
    #expect(FocusMeasures(Mask.full(even.bounds), image: even)?.values() == [0, 0])
    for mask in [Mask("#"), Mask("#####", "#####"), Mask("...")] { #expect(FocusMeasures(mask, image: even) == nil) }
    #expect(FocusMeasures(Mask("###", "###", "###").translated(x: 3, y: 0), image: even) == nil)
}

@Test func `one inner pixel gives the values worked out by hand`() throws {
    let image = Image<UInt8>(width: 3, height: 3, pixels: [1, 2, 3, 4, 10, 6, 7, 8, 9])
    let measures = try #require(FocusMeasures(Mask("###", "###", "###"), image: image))
    // Gx = 3 + 12 + 9 − 1 − 8 − 7 = 8, Gy = 7 + 16 + 9 − 1 − 4 − 3 = 24.
    #expect(measures.laplacianVariance == 0 && measures.tenengrad == 640)
}

@Test func `focus does not depend on what surrounds the object`() {
    let (mask, image) = (TexturePictures.mask, TexturePictures.rough)
    let expected = FocusMeasures(mask, image: image)
    let (crop, inCrop) = TexturePictures.cropped(image, mask)
    #expect(FocusMeasures(inCrop, image: crop) == expected)
    for padding in [5, 50] {
        let (larger, moved) = TexturePictures.padded(image, mask, by: padding) { UInt8($0 % 251) }
        #expect(FocusMeasures(moved, image: larger) == expected)
    }
}
