import Operations
import Raster
import Testing

private let everyGroup = MeasureGroup.allCases

/// A picture with objects of several kinds on it, in 8 and 16 bits and in colour.
private struct Scene {
    var gray: Image<UInt8>
    let deep: Image<UInt16>
    let color: Image<BGR<UInt8>>
    let masks: [Mask]

    init(seed: UInt64) {
        var random = Random(seed: seed)
        gray = Image(width: 61, height: 47, pixels: (0..<(61 * 47)).map { _ in UInt8.random(in: 0...255, using: &random) })
        // Levels that are 8-bit ones only when rounded.
        deep = gray.mapped { $0 == 0 ? 0 : UInt16($0) * 257 - 100 }
        color = gray.mapped { BGR(blue: $0, green: 255 - $0, red: $0 / 2) }
        masks = gray.mask(darkerThanOrEqual: 70).components() + [Mask.full(gray.bounds), Mask(tightSortedRuns: [Run(y: 46, first: 60, last: 60)])]
    }
}

@Test func `an object gives the same numbers in every window, to the last bit`() {
    let scene = Scene(seed: 4)
    let measurer = ObjectMeasurer(everyGroup)
    for mask in scene.masks {
        let whole = measurer.values(mask, gray: .gray8(scene.gray), color: .color8(scene.color), window: scene.gray.bounds, limit: 70, pixelSize: 2.5)
        for margin in [0, 3] {
            let window = mask.boundingBox.expanded(by: margin).intersection(scene.gray.bounds)
            let gray = AnyImage.gray8(scene.gray.cropped(to: window))
            #expect(measurer.values(mask, gray: gray, color: .color8(scene.color.cropped(to: window)), window: window, limit: 70, pixelSize: 2.5) == whole)
        }
        #expect(whole.count == measurer.columns.count && whole.allSatisfy { $0?.isFinite ?? true })
    }
}

@Test func `values are those of the types that measure, in the order of the groups`() {
    let scene = Scene(seed: 9)
    for mask in scene.masks {
        let shape = ShapeMeasures(mask)!
        let gray = GrayMeasures(mask, image: scene.gray)!.values() + GrayQuantiles(mask, image: scene.gray)!.values()
        let weighted = WeightedMoments(mask, image: scene.gray)?.values() ?? WeightedMoments.columns.map { _ in nil }
        let moments = shape.values(pixelSize: 2) + MomentMeasures(shape.moments).values()
        let color = ColorMeasures(mask, image: scene.color)!.values() + (FocusMeasures(mask, image: scene.gray)?.values() ?? [nil, nil])
        let texture = (Haralick(mask, image: scene.gray)?.values() ?? Haralick.columns.map { _ in nil })
            + (LocalBinaryPatterns(mask, image: scene.gray)?.values() ?? LocalBinaryPatterns.columns.map { _ in nil })
        let values = ObjectMeasurer([.gray, .shape, .color, .texture])
            .values(mask, gray: .gray8(scene.gray), color: .color8(scene.color), window: scene.gray.bounds, pixelSize: 2)
        let expected = gray + weighted + moments + color + texture
        #expect(values.count == expected.count)
        for (index, (value, expected)) in zip(values, expected).enumerated() {
            // Positions are moved from the crop to the image, which may round the last bit; moments start from another corner there.
            let isWeighted = (gray.count..<(gray.count + weighted.count)).contains(index)
            if let value, let expected {
                #expect(agree(value, expected, relative: isWeighted ? 1e-9 : 1e-15, tiny: isWeighted ? 1e-6 : 0))
            } else {
                #expect(value == nil && expected == nil)
            }
        }
    }
}

@Test func `16-bit gray levels are measured in 16 bits, and ZooProcess's in 8`() {
    let scene = Scene(seed: 2)
    let mask = scene.masks[0]
    let measurer = ObjectMeasurer([.gray, .zooprocess])
    let deep = measurer.values(mask, gray: .gray16(scene.deep), window: scene.deep.bounds, limit: 70)
    let plain = ObjectMeasurer([.zooprocess]).values(mask, gray: .gray8(scene.gray), window: scene.gray.bounds, limit: 70)
    #expect(deep[0] == GrayMeasures(mask, image: scene.deep)!.mean)
    #expect(Array(deep.suffix(plain.count)) == plain)
}

@Test func `without a limit no pixel of the mask counts as a hole`() throws {
    let scene = Scene(seed: 6)
    let measurer = ObjectMeasurer([.zooprocess])
    let share = try #require(measurer.columns.firstIndex { $0.name == "%area" })
    let values = measurer.values(Mask.full(scene.gray.bounds), gray: .gray8(scene.gray), window: scene.gray.bounds)
    #expect(values[share] == 0)
    let limited = measurer.values(Mask.full(scene.gray.bounds), gray: .gray8(scene.gray), window: scene.gray.bounds, limit: 70)
    #expect(limited[share]! > 50)
}

@Test func `ZooProcess's columns bear its own names alone, and distinct ones beside others in any order`() {
    for groups in [[MeasureGroup.shape, .zooprocess], [.zooprocess, .shape], [.zooprocess, .gray]] {
        let names = ObjectMeasurer(groups).columns.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.contains("zooprocess_area") && names.contains("area") == groups.contains(.shape))
    }
    #expect(ObjectMeasurer([.zooprocess]).columns.map(\.name) == ZooProcessMeasures.columns.map(\.name))
}

@Test func `a bright object has ZooProcess's measures of its inverse`() {
    let scene = Scene(seed: 11)
    let inverse = scene.gray.mapped { 255 - $0 }
    for mask in scene.gray.mask(brighterThan: 180).components() {
        let bright = ObjectMeasurer([.zooprocess], brightObjects: true).values(mask, gray: .gray8(scene.gray), window: scene.gray.bounds, limit: 74)
        let dark = ObjectMeasurer([.zooprocess]).values(mask, gray: .gray8(inverse), window: scene.gray.bounds, limit: 74)
        #expect(bright == dark)
    }
}

@Test func `colours of 16 bits are measured in 16 bits`() throws {
    let scene = Scene(seed: 12)
    let deep = scene.deep.mapped { BGR(blue: $0, green: $0 / 2, red: 0) }
    let measurer = ObjectMeasurer([.color])
    let values = measurer.values(scene.masks[0], gray: .gray16(deep.gray()), color: .color16(deep), window: deep.bounds)
    #expect(Array(values.prefix(ColorMeasures.columns.count)) == ColorMeasures(scene.masks[0], image: deep)?.values())
}

@Test func `a gray image has three equal channels`() throws {
    let scene = Scene(seed: 1)
    let measurer = ObjectMeasurer([.gray, .color])
    #expect(measurer.needsColor && !ObjectMeasurer([.shape, .gray, .zooprocess]).needsColor)
    let values = measurer.values(scene.masks[0], gray: .gray8(scene.gray), window: scene.gray.bounds)
    let named = Dictionary(uniqueKeysWithValues: zip(measurer.columns.map(\.name), values))
    let mean = try #require(named["intensity_mean"] ?? nil)
    for channel in ["blue", "green", "red", "value"] { #expect(agree(try #require(named["\(channel)_mean"] ?? nil), mean, relative: 1e-12, tiny: 0)) }
    #expect(named["saturation_mean"] == .some(0) && named["hue_mean"] == .some(nil))
}
