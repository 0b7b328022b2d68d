// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VM} from "../Vm.sol";
import {RecordBackedLoansHandler} from "./RecordBackedLoansHandler.sol";

contract RecordBackedLoansInvariants {
    RecordBackedLoansHandler private _handler;

    function setUp() public {
        _handler = new RecordBackedLoansHandler();
    }

    /// @dev Forge reads from here which contracts to call at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_MoneyIsConserved() public {
        uint256 open = 0;
        RecordBackedLoansHandler.Opened[] memory opened = _handler.opened();
        for (uint256 i = 0; i < opened.length; ++i) {
            uint256 amount = _handler.loans().offerOf(opened[i].id).amount;
            VM.assertEq(amount, opened[i].closed ? 0 : opened[i].amount, "offer");
            open += amount;
        }
        VM.assertEq(address(_handler.loans()).balance, open, "held is what is offered");
        VM.assertEq(_handler.deposited(), open + _handler.lent() + _handler.returned(), "nothing made or lost");
    }

    function invariant_NobodyGoesBeyondTheirRight() public {
        VM.assertEq(bytes(_handler.violation()).length, 0, _handler.violation());
    }
}
