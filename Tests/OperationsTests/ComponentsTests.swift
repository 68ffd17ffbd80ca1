import Operations
import Raster
import Testing

@Test(arguments: [(Connectivity.four, 2), (.eight, 1)])
func `pixels that touch at a corner join only under eight-connectivity`(connectivity: Connectivity, count: Int) {
    let mask = Mask("#.", ".#")
    #expect(mask.components(connectivity: connectivity).count == count)
}

@Test(arguments: Connectivity.allCases)
func `components equal a flood fill, in raster order of their first pixels`(connectivity: Connectivity) {
    for mask in drawnMasks() {
        let plain = PlainMask(mask)
        let (labels, count) = plain.labels(connectivity)
        let components = mask.components(connectivity: connectivity)
        #expect(components.count == count && mask.componentCount(connectivity: connectivity) == count)
        var painted = [Int](repeating: 0, count: labels.count)
        for (index, component) in components.enumerated() {
            #expect(component.bounds == component.boundingBox)
            for run in component.runs { for x in Int(run.first)...Int(run.last) { painted[Int(run.y) * plain.width + x] = index + 1 } }
        }
        #expect(painted == labels)
    }
}

@Test func `a spiral is one component`() {
    let spiral = Mask("#######", "#.....#", "#.###.#", "#.#...#", "#.#####", "#......", "#######")
    #expect(spiral.components(connectivity: .four).count == 1)
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `label maps of real pictures equal scikit-image's pixel by pixel`() throws {
    for item in try SharedData.cases() {
        guard case .gray16(let labels) = try SharedData.image("oracle/labels/\(item.name).png") else {
            Issue.record("labels of \(item.name) are not 16-bit gray")
            continue
        }
        let smallest = Int(item.row["min_area"]!)!
        var painted = Image<UInt16>(width: labels.width, height: labels.height, repeating: 0)
        var next: UInt16 = 0
        for component in item.mask.components() where component.area >= smallest {
            next += 1
            for run in component.runs { for x in Int(run.first)...Int(run.last) { painted[x, Int(run.y)] = next } }
        }
        #expect(painted == labels, "\(item.name)")
    }
}
