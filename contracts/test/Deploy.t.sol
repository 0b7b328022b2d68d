// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deploy} from "../script/Deploy.s.sol";
import {AnchorRegistry} from "../src/AnchorRegistry.sol";
import {VM} from "./Vm.sol";

contract DeployTest {
    Deploy private _deploy;

    function setUp() public {
        _deploy = new Deploy();
    }

    function test_Deploy_NamesTheLogByTheHashOfItsOrigin() public {
        AnchorRegistry registry = _deploy.deploy("log.example", address(0xA0), address(0xB0));

        // printf log.example | sha256sum
        VM.assertEq(
            registry.originHash(), 0xd7612c54297eaa3e5a7756b17ce3adc5bed251af8059d72bbb8b0075c67b85e9, "originHash"
        );
        VM.assertEq(registry.admin(), address(0xA0), "admin");
        VM.assertEq(registry.publisher(), address(0xB0), "publisher");
    }

    function test_RevertWhen_OriginIsEmpty() public {
        VM.expectRevert(abi.encodeWithSelector(Deploy.MissingOrigin.selector));
        _deploy.deploy("", address(0xA0), address(0xB0));
    }
}
