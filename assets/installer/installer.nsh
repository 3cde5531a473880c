; The firewall rule of the per-user installer: coworkers reach this program, in domain and private networks. It is the one thing that needs an
; administrator, so that it is the one thing that Windows asks about. Who says no has an app that tells what to do.
!include LogicLib.nsh

!define POTLUCK_RULE "Potluck"

; Run by cmd, so that two commands are one question.
!macro potluckElevated ARGUMENTS
  UserInfo::GetAccountType
  Pop $0
  ${If} $0 == "Admin"
    nsExec::Exec '"$SYSDIR\cmd.exe" /c ${ARGUMENTS}'
    Pop $0
  ${ElseIfNot} ${Silent}
    ; Nobody is there to answer a silent installation: an administrator who wants the rule runs it elevated, or takes the MSI.
    ClearErrors
    ExecShellWait "runas" "$SYSDIR\cmd.exe" '/c ${ARGUMENTS}' SW_HIDE
    ${If} ${Errors}
      DetailPrint "The firewall rule was not changed."
      ClearErrors
    ${EndIf}
  ${EndIf}
!macroend

!macro customInstall
  ; The program keeps its place in an update, and its rule.
  ${IfNot} ${isUpdated}
    Push $0
    !insertmacro potluckElevated `netsh advfirewall firewall delete rule name="${POTLUCK_RULE}" program="$INSTDIR\${APP_EXECUTABLE_FILENAME}" & netsh advfirewall firewall add rule name="${POTLUCK_RULE}" dir=in action=allow program="$INSTDIR\${APP_EXECUTABLE_FILENAME}" profile=domain,private enable=yes`
    Pop $0
  ${EndIf}
!macroend

!macro customUnInstall
  ${IfNot} ${isUpdated}
    Push $0
    !insertmacro potluckElevated `netsh advfirewall firewall delete rule name="${POTLUCK_RULE}" program="$INSTDIR\${APP_EXECUTABLE_FILENAME}"`
    Pop $0
  ${EndIf}
!macroend
